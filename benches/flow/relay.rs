//! A way that takes its time: bytes leave it as late as they would on a long line.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Passes connections on, each byte after `delay`, in threads of its own.
pub(crate) struct Relay {
    pub(crate) url: String,
}

impl Relay {
    pub(crate) fn start(target: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let target = target.trim_start_matches("http://").to_owned();
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(&target) else { return };
                for stream in [&near, &far] {
                    stream.set_nodelay(true).unwrap();
                }
                let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                pass(near, far_too, delay);
                pass(far, near_too, delay);
            }
        });
        Self { url }
    }
}

/// Reads at once and writes later; what is under way is not bounded, as on a fast long line.
fn pass(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if sender.send((Instant::now() + delay, buffer[..read].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        let mut waiting = VecDeque::new();
        while let Ok(first) = receiver.recv() {
            waiting.push_back(first);
            while let Some((due, bytes)) = waiting.pop_front() {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                if to.write_all(&bytes).is_err() {
                    return;
                }
                waiting.extend(receiver.try_iter());
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
