//! Semi-smooth Newton with contact.
