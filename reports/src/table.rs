//! Tables as text, CSV and PDF.
