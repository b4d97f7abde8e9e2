//! The command `longhaul`, run as a user runs it, against the reference server and small peers
//! that misbehave.

#[path = "../../src/client/extract/forged.rs"]
#[allow(dead_code, unreachable_pub, reason = "the library's own tests take more of it")]
mod archive;
mod bulk;
mod check;
mod codes;
mod connections;
mod export;
mod extract;
mod failures;
#[path = "../support/front.rs"]
#[allow(unreachable_pub, reason = "other tests share it")]
mod front;
mod goodbye;
mod interrupt;
mod network;
mod peer;
#[path = "../support/proxy/mod.rs"]
#[allow(dead_code, unreachable_pub, unused_imports, reason = "other tests share it")]
mod proxy;
mod records;
mod requests;
#[cfg(unix)]
mod resume;
mod secrets;
#[cfg(unix)]
mod sharded;
mod support;
mod systems;
#[cfg(unix)]
mod terminal;
#[path = "../support/tls.rs"]
#[allow(unreachable_pub, reason = "other tests share it")]
mod tls;
mod tune;
mod usage;
