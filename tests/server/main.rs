//! The reference server, driven over a real socket by a client that knows nothing of the crate's.

mod adt;
mod binary;
mod cancel;
mod client;
mod connection;
mod credit;
mod cuts;
mod export;
mod field;
mod generated;
mod http;
mod list;
mod operation;
mod requests;
mod resume;
mod retention;
mod script;
