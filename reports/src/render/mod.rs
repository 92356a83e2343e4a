//! Pictures of the model by a z-buffer.
