//! What the spread of the inputs does to the results.
//!
//! ```text
//! [uncertainty.*]  --plan-->  a sweep  --run-->  results.csv  --analysis-->  plots, digest.pdf, page.html, uncertainty.json
//! ```
//! [`input`] and [`distribution`]: what spreads. [`plan`]: which runs a method asks for. [`screening`], [`indices`] on a
//! [`surrogate`], [`order`]: what the runs say, each on its own and tested against closed forms. [`analysis`] puts them to
//! the results of a sweep, [`report`] shows it.
//!
//! Guaranteed: the same runs for the same seed; a failed run is counted and located; no index is given that a stand-in of
//! too low a quality would have made up; no bound that the number of runs does not carry.
//!
//! Not guaranteed: inputs are independent of each other; the interval of an index is that of its sampling, without the
//! error of the stand-in.

pub mod analysis;
pub mod distribution;
pub mod indices;
pub mod input;
pub mod order;
pub mod plan;
pub mod quasi;
pub mod report;
pub mod screening;
pub mod surrogate;

pub use distribution::{Distribution, Shape};
pub use input::Input;
