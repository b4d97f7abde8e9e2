//! Which requests are told an alias.

use super::*;
use crate::proto::Alias;

/// Starts a stream that may have the alias 7, with `resume` agreed on if it has an owner.
fn start(bench: &mut Bench, owner: Option<Owner>, key: &StreamKey) -> Started {
    let alias = Alias::new(7);
    let terms = StreamTerms { resume: owner.is_some(), alias, ..terms(key, None) };
    let question = Question { owner, digest: Sha256::of(b"export"), chunk_bytes: 3 };
    bench.core.start(question, key.clone(), terms, bench.now).unwrap()
}

fn first(bench: &mut Bench, key: &StreamKey) -> Next {
    bench.core.poll(key, bench.now)
}

#[test]
fn an_alias_alone_promises_nothing_else() {
    let (mut bench, stream) = (Bench::new(), key(1, "a"));
    let Started::Bound(id) = start(&mut bench, None, &stream) else { panic!() };
    let Next::Frame(accepted) = first(&mut bench, &stream) else { panic!() };
    assert_eq!(accepted, r#"{"id":"a","type":"accepted","chunkSize":3,"alias":7}"#);
    bench.finish(id);
    assert!(matches!(first(&mut bench, &stream), Next::Chunks { .. }), "it is said once");
}

#[test]
fn what_is_kept_has_its_epoch_beside() {
    let (mut bench, stream, owner) = (Bench::new(), key(1, "a"), owner("me", 1));
    let Started::Kept(_) = start(&mut bench, Some(owner.clone()), &stream) else { panic!() };
    // What is released before that was said is still promised: the stream goes on to its end.
    bench.core.release(&owner);
    let Next::Frame(accepted) = first(&mut bench, &stream) else { panic!() };
    assert!(accepted.contains("\"epoch\":") && accepted.ends_with(",\"alias\":7}"), "{accepted}");
    assert_eq!(bench.core.terms(&stream).unwrap().alias, Alias::new(7));
}

#[test]
fn what_cannot_be_kept_goes_as_text() {
    let (mut bench, stream) = (Bench::keeping(1_000, 0), key(1, "a"));
    let Started::Bound(id) = start(&mut bench, Some(owner("me", 1)), &stream) else { panic!() };
    assert_eq!(bench.core.terms(&stream).unwrap().alias, None);
    bench.finish(id);
    assert!(matches!(first(&mut bench, &stream), Next::Chunks { .. }), "and nothing is accepted");
}
