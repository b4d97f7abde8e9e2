//! The reference server, driven over a real socket by a client that knows nothing of the crate's.

mod client;
mod connection;
mod export;
mod requests;
mod script;
