//! A network that fails while the command works: what it gets over, what it says where it does not,
//! and that the same command goes on with `--resume`.

use std::fs;
use std::sync::OnceLock;

use crate::proxy::{End, Fault, Place, Plan, Proxy, Spot, Way};
use crate::support::{Folder, Ran, Serving, run};

const WORDS: [&str; 7] = ["export", "$DEMO", "-o", "a.zip", "--chunk-size", "5kB", "-q"];

/// A server and what stands before it.
struct Line {
    serving: Serving,
    proxy: Proxy,
}

impl Line {
    /// The next connection has this plan.
    fn new(plan: Plan) -> Self {
        let serving = Serving::start(|server| server);
        let proxy = serving.front(Proxy::new(serving.address()));
        proxy.plan_next([plan]);
        Self { serving, proxy }
    }

    /// The same, and after that one there is no connection to be had.
    fn last(plan: Plan) -> Self {
        let line = Self::new(plan);
        let control = line.proxy.control();
        // The request has been seen, so that the first connection stands.
        line.proxy.watch(move |_| control.refuse(true));
        line
    }

    fn mend(&self) {
        self.proxy.watch(|_| {});
        self.proxy.refuse(false);
        self.proxy.plan_no_more();
    }

    fn run(&self, folder: &Folder, more: &[&str]) -> Ran {
        run(&mut folder.longhaul(&self.proxy.url(), &[&WORDS[..], more].concat()))
    }

    /// Fails with that code and kind, leaves the file as it was, and gives the names beside it.
    #[track_caller]
    fn fails(&self, folder: &Folder, more: &[&str], code: i32, kind: &str) -> Vec<String> {
        fs::write(folder.path("a.zip"), "old").unwrap();
        let ran = self.run(folder, &[more, &["--json"]].concat()).expect(code);
        let error = &ran.json()["error"];
        assert_eq!(error["kind"], kind, "{error}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
        assert!(ran.stderr().contains("error: "), "{}", ran.stderr());
        assert_eq!(fs::read(folder.path("a.zip")).unwrap(), b"old");
        folder.names().into_iter().filter(|name| name != "a.zip").collect()
    }

    /// Goes on with what is there, to the same archive.
    #[track_caller]
    fn goes_on(&self, folder: &Folder, from: std::ops::Range<u64>) {
        self.mend();
        let ran = self.run(folder, &["--resume", "--json"]).expect(0);
        let resumed = ran.json()["resumedFrom"].as_u64().unwrap_or(0);
        assert!(from.contains(&resumed), "{resumed}");
        assert_whole(folder);
    }
}

/// What the export gives where nothing fails.
fn archive() -> &'static [u8] {
    static ARCHIVE: OnceLock<Vec<u8>> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let (folder, serving) = (Folder::new(), Serving::start(|server| server));
        run(&mut folder.longhaul(&serving.url(), &WORDS)).expect(0);
        fs::read(folder.path("a.zip")).unwrap()
    })
}

/// The archive is there, and nothing else.
#[track_caller]
fn assert_whole(folder: &Folder) {
    assert_eq!(folder.names(), ["a.zip"]);
    assert!(fs::read(folder.path("a.zip")).unwrap() == archive(), "the archives differ");
}

const IN_THE_MIDDLE: Spot = Spot::bytes_down(40_000);

#[test]
fn what_can_be_got_over_is_not_even_spoken_of() {
    for plan in [
        Plan::of(IN_THE_MIDDLE, Fault::Cut(End::Fin)),
        Plan::of(Spot::chunk(6, 2_500), Fault::Cut(End::Rst)),
        Plan::of(Spot::frames_up(1), Fault::Cut(End::Rst)),
        Plan::of(Spot::chunk(3, 77), Fault::Flip(0)),
        Plan::fragments(1),
        Plan::writes(1),
        Plan { write_bytes: Some(7), ..Plan::fragments(100) },
        Plan::slow(std::time::Duration::from_millis(10), Some(20_000_000)),
    ] {
        let (folder, line) = (Folder::new(), Line::new(plan.clone()));
        let ran = line.run(&folder, &[]).expect(0);
        assert_eq!(ran.stderr(), "", "{plan:?}");
        assert!(!line.proxy.has_done_nothing(), "{plan:?}");
        assert_whole(&folder);
        drop(line.serving);
    }
}

#[test]
fn every_way_to_take_it_is_as_good() {
    let plan = Plan::of(Spot::chunk(6, 2_500), Fault::Cut(End::Rst));
    let line = Line::new(plan.clone());
    let folder = Folder::new();
    let ran = run(&mut folder.longhaul(&line.proxy.url(), &["export", "$DEMO", "-o", "-", "-q"]));
    assert!(ran.expect(0).stdout_bytes() == archive());
    let line = Line::new(plan);
    let words = ["export", "$DEMO", "-q", "--extract", "files", "--chunk-size", "5kB"];
    run(&mut folder.longhaul(&line.proxy.url(), &words)).expect(0);
    assert_eq!(line.proxy.cuts(), 1);
    assert_eq!(folder.names().iter().filter(|name| *name != "home").count(), 1);
    let files = folder.path("files/src");
    assert!(fs::read_dir(files).unwrap().count() > 0);
}

#[test]
fn a_server_that_is_gone_for_good_is_5_and_resume_goes_on() {
    for fault in [Fault::Cut(End::Fin), Fault::Cut(End::Rst)] {
        let (folder, line) = (Folder::new(), Line::last(Plan::of(IN_THE_MIDDLE, fault)));
        let left = line.fails(&folder, &[], 5, "broken");
        assert_eq!((left.len(), folder.parts().0), (2, 1), "part and journal: {left:?}");
        line.goes_on(&folder, 5_000..40_000);
    }
}

#[test]
fn a_server_that_falls_silent_is_5_and_resume_goes_on() {
    for fault in [Fault::Stall, Fault::StallBoth] {
        let (folder, line) = (Folder::new(), Line::new(Plan::of(IN_THE_MIDDLE, fault)));
        let left = line.fails(&folder, &["--idle-timeout", "1s"], 5, "timeout");
        assert_eq!((left.len(), folder.parts().0), (2, 1), "part and journal: {left:?}");
        line.goes_on(&folder, 5_000..40_000);
    }
}

#[test]
fn frames_that_make_no_sense_are_5_and_resume_is_right() {
    // Reserved bits, an opcode that is another, a mask that a server must not use.
    for (byte, bit) in [(0, 6), (0, 4), (0, 0), (1, 7)] {
        let spot = Spot { way: Way::Down, place: Place::Frames(8, byte) };
        let (folder, line) = (Folder::new(), Line::new(Plan::of(spot, Fault::Flip(bit))));
        line.fails(&folder, &[], 5, "broken");
        line.goes_on(&folder, 0..80_000);
    }
}

#[test]
fn a_connection_that_is_never_made_is_3() {
    for plan in [
        Plan::of(Spot::bytes_down(0), Fault::Cut(End::Fin)),
        Plan::of(Spot::bytes_down(20), Fault::Cut(End::Rst)),
        Plan::of(Spot::frames_down(0), Fault::Cut(End::Fin)),
        Plan::of(Spot::bytes_up(0), Fault::Cut(End::Rst)),
        Plan::of(Spot::bytes_down(10), Fault::Flip(7)),
    ] {
        let (folder, line) = (Folder::new(), Line::new(plan));
        let left = line.fails(&folder, &[], 3, "connection");
        assert!(left.is_empty(), "{left:?}");
    }
}
