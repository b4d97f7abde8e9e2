//! The least there is: a socket read into one buffer of 64 KiB, and nothing looked at.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Said, Tally, Task, carrier};

const READ_BYTES: usize = 64 << 10;

pub(super) async fn run(task: &Task, text: bool) -> anyhow::Result<Said> {
    let mut tally = Tally::begin(task);
    let mut stream = carrier::plain(task).await?;
    let target = task.target(if text { "raw/text" } else { "raw/bare" });
    stream.write_all(format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes()).await?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(tally.end()),
            read => tally.note(&buffer[..read]),
        }
    }
}
