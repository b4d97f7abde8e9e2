use super::*;
use crate::proto::frame::BinaryHeader;

fn id(text: &str) -> MessageId {
    MessageId::new(text).unwrap()
}

fn table(ids: &[&'static str]) -> Demux<&'static str> {
    let mut demux = Demux::new(Arc::default());
    for name in ids {
        demux.register(id(name), Mode::Stream, *name);
    }
    demux
}

#[test]
fn each_message_goes_to_its_own_request() {
    let mut demux = table(&["a", "b"]);
    let chunk = r#"{"id":"b","type":"chunk","seq":1,"data":""}"#;
    assert_eq!(demux.route(chunk), Route::To(&mut "b", Kind::Chunk));
    let progress = r#"{"id":"a","type":"progress","done":1}"#;
    assert_eq!(demux.route(progress), Route::To(&mut "a", Kind::Progress));
    assert_eq!(
        demux.route(r#"{"id":"a","success":true,"data":{}}"#),
        Route::Last("a", Kind::Answer)
    );
    assert_eq!(demux.len(), 1);
}

#[test]
fn complete_error_and_answer_end_an_id_and_what_follows_is_counted() {
    for last in [
        r#"{"id":"a","type":"complete","totalChunks":0}"#,
        r#"{"id":"a","type":"complete"}"#,
        r#"{"id":"a","type":"error","error":{"code":"X"}}"#,
        r#"{"id":"a","success":false}"#,
        r#"{"id":"a","data":{"type":"complete","totalChunks":1}}"#,
    ] {
        let mut demux = table(&["a"]);
        assert!(matches!(demux.route(last), Route::Last("a", _)), "{last}");
        assert_eq!(demux.route(last), Route::Nobody);
        assert_eq!(demux.counters.snapshot().unknown_ids, 1);
    }
}

#[test]
fn what_belongs_to_nobody_is_counted_and_harmless() {
    let mut demux = table(&["a"]);
    assert_eq!(demux.route(r#"{"id":"zz","type":"chunk","seq":1,"data":"x"}"#), Route::Nobody);
    assert_eq!(demux.route(r#"{"id":"zz","success":true}"#), Route::Nobody);
    assert_eq!(demux.route(r#"{"id":"a","type":"from-the-future","x":1}"#), Route::Nobody);
    assert_eq!(demux.route(r#"{"id":"a"}"#), Route::Nobody);
    assert_eq!(demux.route("not json"), Route::Nobody);
    demux.route_binary(b"LH\x01");
    let stats = demux.counters.snapshot();
    assert_eq!((stats.unknown_ids, stats.unknown_types), (2, 2));
    assert_eq!((stats.unreadable, stats.unexpected_binary, stats.messages), (1, 1, 6));
    assert_eq!(demux.len(), 1, "the request still waits");
}

#[test]
fn a_parse_error_belongs_to_the_one_request_in_flight() {
    let complaint =
        r#"{"id":"unknown","success":false,"error":{"code":"PARSE_ERROR","message":"?"}}"#;
    assert_eq!(table(&["a"]).route(complaint), Route::Last("a", Kind::Answer));
    let mut two = table(&["a", "b"]);
    assert_eq!(two.route(complaint), Route::Nobody);
    assert_eq!((two.len(), two.counters.snapshot().unknown_ids), (2, 1));
    let other = r#"{"id":"unknown","success":false,"error":{"code":"GIT_ERROR","message":"?"}}"#;
    assert_eq!(table(&["a"]).route(other), Route::Nobody);
}

#[test]
fn control_characters_in_a_frame_are_mended_and_counted() {
    let mut demux = table(&["a"]);
    let text = "{\"id\":\"a\",\"success\":false,\"error\":{\"code\":\"GIT_ERROR\",\"message\":\"x\ty\r\"}}";
    assert_eq!(demux.route(text), Route::Last("a", Kind::Answer));
    assert_eq!(demux.counters.snapshot().repaired, 1);
}

#[test]
fn forgotten_and_drained_requests_leave_nothing_behind() {
    let mut demux = table(&["a", "b", "c"]);
    assert_eq!(demux.forget(&id("b")), Some("b"));
    assert_eq!(demux.forget(&id("b")), None);
    let mut left: Vec<_> = demux.drain().map(|(_, waiter)| waiter).collect();
    left.sort_unstable();
    assert_eq!(left, ["a", "c"]);
    assert!(demux.is_empty());
}

#[test]
fn a_waiter_can_be_looked_at_and_changed() {
    let mut demux = table(&["a"]);
    assert!(!demux.is_empty());
    *demux.get_mut(&id("a")).unwrap() = "changed";
    assert_eq!(demux.get(&id("a")), Some(&"changed"));
    assert!(demux.get(&id("b")).is_none() && demux.get_mut(&id("b")).is_none());
}

#[test]
fn tables_count_together_who_waits() {
    let counters = Arc::new(Counters::default());
    let pending = || counters.snapshot().pending;
    let mut demux = Demux::new(counters.clone());
    let mut other = Demux::new(counters.clone());
    demux.register(id("a"), Mode::Single, ());
    other.register(id("a"), Mode::Single, ());
    other.register(id("b"), Mode::Single, ());
    assert_eq!(pending(), 3);
    demux.route(r#"{"id":"a","success":true}"#);
    assert_eq!(pending(), 2);
    other.forget(&id("b"));
    assert_eq!(pending(), 1);
    drop(other);
    assert_eq!(pending(), 0);
}

#[test]
fn room_is_given_back_once_most_of_a_crowd_has_left() {
    let mut demux = Demux::new(Arc::default());
    let ids: Vec<_> = (0..2000).map(|n| id(&format!("a_{n}"))).collect();
    for id in &ids {
        demux.register(id.clone(), Mode::Single, ());
    }
    let room = |demux: &Demux<()>| demux.pending.capacity() - demux.len();
    let (spare, mut ids) = (room(&demux), ids.iter());
    while demux.len() > 450 {
        demux.forget(ids.next().unwrap());
        assert!(room(&demux) >= spare, "with {} left", demux.len());
    }
    while demux.len() > 150 {
        demux.forget(ids.next().unwrap());
    }
    assert!(demux.pending.capacity() < 1024);
}

#[test]
fn a_million_requests_leave_no_room_taken() {
    let mut demux = Demux::new(Arc::default());
    for round in 0..20_u32 {
        let ids: Vec<_> = (0..50_000).map(|n| id(&format!("a_{round}_{n}"))).collect();
        for id in &ids {
            demux.register(id.clone(), Mode::Single, ());
        }
        for (n, id) in ids.iter().enumerate() {
            if n % 2 == 0 {
                demux.forget(id);
            } else {
                demux.route(&format!(r#"{{"id":"{id}","success":true}}"#));
            }
        }
        assert!(demux.is_empty());
        assert!(demux.pending.capacity() <= 1024 * 8, "{}", demux.pending.capacity());
    }
}

#[test]
fn an_alias_is_free_once_its_request_has_ended() {
    let mut demux = Demux::new(Arc::new(Counters::default()));
    let binary = |seq: u64| {
        let (alias, crc32) = (Alias::new(7).unwrap(), None);
        BinaryHeader { alias, seq, offset: 0, crc32, length: 0 }.to_bytes()
    };
    for name in ["git_1", "git_2"] {
        let id = MessageId::new(name).unwrap();
        demux.register(id.clone(), Mode::Stream, name);
        demux.expect_binary(&id);
        let accepted = format!(r#"{{"id":"{name}","type":"accepted","chunkSize":1,"alias":7}}"#);
        assert!(matches!(demux.route(&accepted), Route::To(_, Kind::Accepted)));
        assert!(
            matches!(demux.route_binary(&binary(1)), Route::To(it, Kind::Chunk) if *it == name)
        );
        let complete = format!(r#"{{"id":"{name}","type":"complete","totalChunks":0}}"#);
        assert!(matches!(demux.route(&complete), Route::Last(_, Kind::Complete)));
        assert_eq!(demux.route_binary(&binary(2)), Route::Nobody);
        assert!(demux.aliases.is_empty());
    }
}
