//! The spine from surface files of a patient.
