//! HTTP beside the WebSocket, over the same dialer: for logging on, and for what ADT says.

mod cookies;
mod exchange;
mod request;

pub(crate) use cookies::CookieJar;
pub(crate) use exchange::{BodyWish, Head, HttpConnection, HttpFailure, HttpRequest};
pub(crate) use request::request;
