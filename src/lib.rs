//! longhaul
pub mod proto;
