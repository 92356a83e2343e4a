//! How an interchangeable thing declares its name, source and parameters.
