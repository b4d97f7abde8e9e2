//! Every check there is, in the order of PROTOCOL.md.

use serde::Serialize;

use crate::proto::Feature;

/// One sentence of PROTOCOL.md that a server can be held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// Its name, which never changes: the section, then what it is about, such as
    /// `6.4.resume.goes-on`.
    pub id: &'static str,
    /// What it shows, in one sentence.
    pub title: &'static str,
    /// The feature that it is about; a server that does not offer that is not held to it.
    #[serde(skip)]
    pub(crate) needs: Option<Feature>,
}

impl Check {
    /// The section of PROTOCOL.md, such as `6.4`: the numbers that the id begins with.
    pub fn section(&self) -> &'static str {
        let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
        let len = self.id.split('.').take_while(is_number).map(|part| part.len().saturating_add(1));
        let len = len.fold(0, usize::saturating_add).saturating_sub(1);
        self.id.get(..len).unwrap_or(self.id)
    }

    /// Whether it stands in this section or in one below it: `6` has all of `6.1` to `6.5`.
    pub fn is_in(&self, section: &str) -> bool {
        is_within(self.section(), section)
    }

    /// Whether it stands in one of these, or there are none.
    pub(super) fn is_wanted(&self, sections: &[String]) -> bool {
        sections.is_empty() || sections.iter().any(|section| self.is_in(section))
    }
}

/// Whether a section is this one, or stands below it.
pub(super) fn is_within(section: &str, outer: &str) -> bool {
    section.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The title of a section that has checks, such as `checksum` of `6.1`.
pub fn section_title(section: &str) -> Option<&'static str> {
    SECTIONS.iter().find(|(number, _)| *number == section).map(|(_, title)| *title)
}

/// The sections of PROTOCOL.md that have checks.
static SECTIONS: &[(&str, &str)] = &[
    ("1.1", "Upgrade, URL and logon"),
    ("1.2", "Welcome and limits"),
    ("1.3", "Liveness"),
    ("1.4", "Closing"),
    ("2", "Requests"),
    ("2.1", "Operation names"),
    ("2.2", "Ids"),
    ("2.3", "Keys, their order, and servers without features"),
    ("3.1", "Demultiplexing"),
    ("3.2", "Where the type stands"),
    ("3.3", "Strings: control characters, escapes, base64"),
    ("3.4", "Defects: missing, invalid, duplicate"),
    ("3.5", "Text that cannot be read, and PARSE_ERROR"),
    ("4.1", "Overview"),
    ("4.2", "Progress"),
    ("4.3", "Chunk"),
    ("4.4", "Complete"),
    ("4.5", "Error"),
    ("4.6", "Single answer"),
    ("4.7", "Warning and skipped"),
    ("4.8", "Records"),
    ("5.1", "Negotiation"),
    ("6", "Extensions"),
    ("6.1", "checksum"),
    ("6.2", "cancel"),
    ("6.3", "credit"),
    ("6.4", "resume"),
    ("6.5", "binary"),
    ("7", "Verification"),
    ("9", "Error codes"),
    ("10.1", "git"),
    ("10.2", "system"),
];

/// All checks, in the order of PROTOCOL.md.
pub fn catalog() -> &'static [&'static Check] {
    ALL
}

macro_rules! needs {
    () => {
        None
    };
    ($feature:ident) => {
        Some(Feature::$feature)
    };
}

macro_rules! checks {
    ($($name:ident $([$feature:ident])? $id:literal $title:literal;)*) => {
        $(
            pub(super) static $name: Check =
                Check { id: $id, title: $title, needs: needs!($($feature)?) };
        )*
        static ALL: &[&Check] = &[$(&$name),*];
    };
}

checks! {
    UPGRADE_HEADERS "1.1.upgrade.not-offered"
        "The answer to the upgrade names no subprotocol and no extension, since none was offered.";
    FRAMES "1.1.frames.rfc-6455"
        "WebSocket frames are as RFC 6455 has them, and texts are UTF-8.";
    WELCOME_FIRST "1.2.welcome.first"
        "The first message on every connection is the welcome, within the limit for connecting.";
    WELCOME_SHAPE "1.2.welcome.shape"
        "The welcome is an answer with `success` true and an object as `data`.";
    WELCOME_DATA "1.2.welcome.data"
        "`session`, `version` and `domains` of the welcome are of the kinds that the table names.";
    WELCOME_FEATURES "1.2.welcome.features"
        "`features` is a list of names, each once, and with each stands what it needs.";
    WELCOME_LIMITS "1.2.welcome.limits"
        "`limits` are numbers that count, and such that a client can keep to them.";
    WELCOME_ALIKE "1.2.welcome.alike"
        "The next connection is greeted with the same domains, features and limits.";
    WELCOME_ONCE "1.2.welcome.once"
        "No second welcome comes on a connection.";
    MAX_CHUNK "1.2.limits.max-chunk"
        "No chunk is larger than `maxChunk`.";
    MAX_TRANSFERS "1.2.limits.max-transfers"
        "As many streams run at once as `maxTransfers` says, and one more is answered BUSY.";
    PING "1.3.ping.pong"
        "A ping is answered by a pong.";
    CONNECTION_STAYS "1.4.connection.stays"
        "The connection stays while requests are under way.";
    CLOSE "1.4.close.answered"
        "A close is answered by a close.";

    REQUEST_JSON "2.request.json"
        "Requests are read as JSON: keys in any order and with escapes, white space, unknown keys.";
    STREAM_IN_PARAMS [Stream] "2.3.stream.in-params"
        "`stream` and `chunkSize` are looked for inside `params` where they do not stand beside.";
    CHUNK_SIZE_KEPT "2.chunk-size.kept"
        "No chunk is larger than the `chunkSize` asked for.";
    CHUNK_SIZE_FIXED "2.chunk-size.fixed"
        "All chunks of a payload but the last have the same size, except where it is records.";
    CHUNK_SIZE_ZERO [Stream] "2.chunk-size.zero"
        "A `chunkSize` of 0 is refused or taken as absent, and the session lives on.";
    CHUNK_SIZE_HUGE [Stream] "2.chunk-size.huge"
        "A `chunkSize` of 1000000000 is taken as an upper bound.";
    UNKNOWN_DOMAIN "2.1.unknown.domain"
        "A domain that is not served is answered UNKNOWN_DOMAIN.";
    UNKNOWN_ACTION "2.1.unknown.action"
        "An action that a domain does not have is answered UNKNOWN_ACTION.";
    ID_ECHO "2.2.id.echoed"
        "Every frame has the id of a request of its connection, unchanged.";
    ID_CHARACTERS "2.2.id.characters"
        "Ids of all characters that are allowed come back as they were.";

    TYPE_KNOWN "3.1.type.known"
        "Frames have no type that this text does not know.";
    AFTER_LAST "3.1.last.last"
        "Nothing comes for a request after its last frame.";
    TYPE_TOP_LEVEL "3.2.type.top-level"
        "`type` stands at the top level, not inside `data`.";
    JSON_STRICT "3.3.json.strict"
        "Texts are JSON without raw control characters inside strings.";
    BASE64_DENSE "3.3.base64.dense"
        "Base64 stands without white space in it.";
    BASE64_VALID "3.3.base64.valid"
        "Base64 is that of RFC 4648, section 4: standard alphabet, padded, unused bits 0.";
    KEYS_ONCE "3.4.keys.once"
        "No key that has a meaning stands twice in a frame.";
    NUMBERS_PLAIN "3.4.numbers.plain"
        "Numbers that count are plain decimal digits, without quotes, sign, fraction or exponent.";
    VALUES_KIND "3.4.values.kind"
        "Strings, booleans and objects stand where the tables have them.";
    READABLE "3.5.text.readable"
        "Every text is one JSON object with an `id` that is a string.";
    PARSE_ERROR_TEXT "3.5.parse-error.no-json"
        "A text that is no JSON object is answered PARSE_ERROR with the id `unknown`.";
    PARSE_ERROR_ID "3.5.parse-error.no-id"
        "A request without an id, or with a number as one, is answered PARSE_ERROR.";
    PARSE_ERROR_SHAPE "3.5.parse-error.shape"
        "A request whose id, domain, action or params are of another form is answered PARSE_ERROR.";
    PARSE_ERROR_BINARY "3.5.parse-error.binary"
        "A binary message is answered PARSE_ERROR.";
    SESSION_LIVES "3.5.session.lives-on"
        "The session lives on after each bad request.";

    REQUEST_ENDS "4.1.request.ends"
        "Every request gets a last frame, and something comes before the limit of the check.";
    OPERATION_COMPLETES "4.1.operation.completes"
        "The operation that is checked with comes to a good end each time it is asked for.";
    STREAM_STREAMS [Stream] "4.1.stream.streams"
        "A request with `stream` gets chunks and a complete.";
    SINGLE_ANSWER "4.1.answer.single"
        "A request without `stream` gets one answer and no frame with a type.";
    PROGRESS_SHAPE "4.2.progress.shape"
        "Progress has `done` or `message`, each of its kind.";
    PROGRESS_RANGE "4.2.progress.range"
        "`done` is from 0 to `total`, or to 100 without one.";
    SEQ_FROM_ONE "4.3.chunk.from-1"
        "Chunks are counted from 1.";
    CHUNK_ORDER "4.3.chunk.order"
        "Chunks come in order.";
    CHUNK_ONCE "4.3.chunk.once"
        "Each chunk comes once.";
    CHUNK_CONFLICT "4.3.chunk.conflict"
        "A chunk that comes again has the same bytes.";
    CHUNK_GAP "4.3.chunk.gap"
        "No chunk is left out.";
    CHUNK_SHAPE "4.3.chunk.shape"
        "A chunk has `seq` and `data`.";
    CHUNKS_EMPTY "4.3.chunk.empty"
        "No more than 100 chunks in a row are empty.";
    COMPLETE_SHAPE "4.4.complete.shape"
        "A complete has `totalChunks`, and `success` is a boolean.";
    COMPLETE_TOTAL "4.4.complete.total"
        "`totalChunks` is the number of the last chunk.";
    COMPLETE_REASON "4.4.complete.reason"
        "A complete with `success` false says why in `error`.";
    ERROR_SHAPE "4.5.error.shape"
        "An error has `error` with `code` and `message`, both strings, the code in upper case.";
    ANSWER_SHAPE "4.6.answer.shape"
        "An answer has `success`, and `error` if and only if that is false.";
    ANSWER_AFTER_CHUNK "4.6.answer.after-chunk"
        "No single answer comes after a chunk.";
    WARNING_SHAPE "4.7.warning.shape"
        "A warning has `message`; `item` and `code` are strings.";
    SKIPPED_SHAPE "4.7.skipped.shape"
        "`skipped` is a list of objects of the strings `type`, `name` and `reason`.";
    ITEMS_WHOLE "4.7.items.whole"
        "The operation leaves no item out.";
    RECORDS [Stream] "4.8.records.form"
        "Records are lines of JSON, or one array of it.";

    ONLY_AGREED "5.1.features.only-agreed"
        "Only what server and request both name is used: `accepted`, alias, binary messages.";

    CONTROL_ANSWERS "6.controls.answers"
        "A control is answered with success, with its failure, or not at all.";
    CONTROL_MISSING_PARAM "6.controls.missing-param"
        "A control without a param that it must have is answered MISSING_PARAM.";
    CONTROL_UNKNOWN "6.controls.unknown-action"
        "An action that the domain `stream` does not have is answered UNKNOWN_ACTION.";
    CHECKSUM_THERE [Checksum] "6.1.checksum.there"
        "With `checksum` agreed on, `offset`, `crc32`, `size` and `sha256` are there.";
    CHUNK_OFFSET [Checksum] "6.1.chunk.offset"
        "`offset` is where the chunk stands in the payload.";
    CHUNK_CRC32 [Checksum] "6.1.chunk.crc32"
        "`crc32` is that of the chunk's decoded bytes, in 8 hex digits.";
    COMPLETE_SIZE [Checksum] "6.1.complete.size"
        "`size` is the length of the whole payload.";
    COMPLETE_SHA256 [Checksum] "6.1.complete.sha256"
        "`sha256` is that of the whole payload, in 64 hex digits.";
    HEX_LOWER [Checksum] "6.1.hex.lower-case"
        "Hex digits are written in lower case.";
    CANCEL_ENDS [Cancel] "6.2.cancel.ends"
        "A request that is cancelled ends with CANCELLED, or with its complete.";
    CANCEL_QUEUED [Cancel] "6.2.cancel.queued"
        "A request that is cancelled right after it was sent ends in the same way.";
    CANCEL_IDEMPOTENT [Cancel] "6.2.cancel.idempotent"
        "Cancelling what has ended is a success.";
    CANCEL_UNKNOWN [Cancel] "6.2.cancel.unknown"
        "Cancelling what was never there is a success.";
    CANCEL_ANSWER [Cancel] "6.2.cancel.answer"
        "A request for one answer that is cancelled ends with an answer CANCELLED.";
    CANCEL_FREES [Resume] "6.2.cancel.frees"
        "Cancelling frees what `resume` keeps.";
    CREDIT_KEPT [Credit] "6.3.credit.kept"
        "No chunk comes above what was granted.";
    CREDIT_CHUNK_SIZE [Credit] "6.3.credit.chunk-size"
        "With `credit` agreed on, no chunk is larger than was asked for.";
    CREDIT_WINDOW [Credit] "6.3.credit.window"
        "All chunks that were granted come without a further grant.";
    CREDIT_GOES_ON [Credit] "6.3.credit.goes-on"
        "A stream goes on when more is granted.";
    CREDIT_STALE [Credit] "6.3.credit.stale"
        "A grant that is repeated, or smaller than one before, changes nothing.";
    CREDIT_OTHERS [Credit] "6.3.credit.others"
        "Other ids are served while a stream waits for credit.";
    CREDIT_ENDED [Credit] "6.3.credit.ended"
        "A grant for an unknown or ended target is a success.";
    WINDOW_ZERO [Credit] "6.3.window.zero"
        "With a `window` of 0, or one that is no number, `credit` is not agreed on.";
    ACCEPTED_COMES [Resume] "6.4.accepted.comes"
        "A request with a key is accepted, so that it can be resumed.";
    ACCEPTED_SHAPE "6.4.accepted.shape"
        "`accepted` has `chunkSize` of at most what was asked for, with `resume` `epoch` and `ttl`.";
    ACCEPTED_FIRST "6.4.accepted.first"
        "`accepted` comes once and before the first chunk.";
    ACCEPTED_CHUNK_SIZE "6.4.accepted.chunk-size"
        "No chunk is larger than `chunkSize` of `accepted`.";
    RESUME_GOES_ON [Resume] "6.4.resume.goes-on"
        "After a cut the operation goes on from the chunk that is asked for, under the same epoch.";
    RESUME_ACCEPTED [Resume] "6.4.resume.accepted-first"
        "A resumed stream begins with `accepted`, before any chunk or complete.";
    RESUME_BORDERS [Resume] "6.4.resume.borders"
        "Chunk borders are unchanged, and so are the bytes.";
    RESUME_AT_END [Resume] "6.4.resume.at-end"
        "`nextSeq` of the last chunk plus 1 gives the complete alone.";
    RESUME_PREFIX [Resume] "6.4.resume.prefix-mismatch"
        "Another digest of the prefix is answered RESUME_MISMATCH.";
    RESUME_OFFSET [Resume] "6.4.resume.offset-mismatch"
        "An offset that is no border of `nextSeq` is answered RESUME_MISMATCH.";
    RESUME_EPOCH [Resume] "6.4.resume.epoch-mismatch"
        "Another epoch is answered RESUME_MISMATCH.";
    RESUME_PARAMS [Resume] "6.4.resume.missing-param"
        "A resume without a param that it must have is answered MISSING_PARAM.";
    RESUME_UNKNOWN [Resume] "6.4.resume.unknown"
        "A key that nobody used is answered RESUME_UNKNOWN.";
    KEY_ATTACHES [Resume] "6.4.key.attaches"
        "The same request with the same key attaches from the first chunk and runs nothing again.";
    KEY_OTHER_PARAMS [Resume] "6.4.key.other-params"
        "The same key with other params is answered RESUME_MISMATCH.";
    LATEST_WINS [Resume] "6.4.resume.latest-wins"
        "The stream that a resume takes over from ends with SUPERSEDED.";
    RELEASE_FREES [Resume] "6.4.release.frees"
        "What was released is answered RESUME_UNKNOWN.";
    RELEASE_UNKNOWN [Resume] "6.4.release.unknown"
        "Releasing what is not known is a success.";
    BINARY_ALIAS [Binary] "6.5.alias.given"
        "A request that agrees to `binary` is given an alias.";
    ALIAS_FRESH [Binary] "6.5.alias.fresh"
        "An alias is not used again on its connection, and a resume gets one of its own.";
    ALIAS_KNOWN [Binary] "6.5.alias.known"
        "A binary message has the alias of a request that waits.";
    ONE_FORM [Binary] "6.5.form.one"
        "All chunks of a stream with an alias are binary messages.";
    HEADER_READABLE [Binary] "6.5.header.readable"
        "A binary message has at least 32 bytes, the magic, and an alias that is not 0.";
    HEADER_VERSION [Binary] "6.5.header.version"
        "The version is 1.";
    HEADER_FLAGS [Binary] "6.5.header.flags"
        "No flag beside bit 0 is set, and where that is not, `crc32` is 0.";
    HEADER_LENGTH [Binary] "6.5.header.length"
        "`length` is the number of bytes that follow.";
    BINARY_SAME [Binary] "6.5.payload.same"
        "The payload is the same as in text.";

    PAYLOAD_SAME "7.payload.same"
        "The same request gives the same payload.";

    BUSY "9.busy.retry"
        "The server has room for what a check asks; where it answers BUSY, it says for how long.";
    MISSING_PARAM "9.missing-param"
        "A parameter that is absent is answered MISSING_PARAM.";

    GIT_TYPES "10.1.types.counted"
        "`git.getTypes` gives a list of types and their number.";
    EXPORT_ARCHIVE "10.1.export.archive"
        "The payload of `git.export` is a ZIP archive in abapGit's layout, each entry right.";
    EXPORT_RESULT "10.1.export.result"
        "`objectCount`, `fileCount` and `files` are those of the archive.";
    LIST_SHAPE "10.1.list.shape"
        "`git.list` gives each object once, and their number.";
    LIST_PACKAGES "10.1.list.packages"
        "`git.list` lists the packages themselves, and what an export of them holds.";
    SYSTEM_PING "10.2.ping.pong"
        "`system.ping` is answered with `pong` true and a `timestamp`.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_stand_in_order_of_their_sections() {
        let ids: BTreeSet<_> = ALL.iter().map(|check| check.id).collect();
        assert_eq!(ids.len(), ALL.len());
        let chapters: Vec<u32> =
            ALL.iter().map(|check| check.id.split('.').next().unwrap().parse().unwrap()).collect();
        assert!(chapters.is_sorted());
    }

    #[test]
    fn sections_are_those_of_the_text() {
        let text = include_str!("../../PROTOCOL.md");
        for check in ALL {
            let section = check.section();
            let title = section_title(section).unwrap();
            let marks = if section.contains('.') { "###" } else { "##" };
            let heading = format!("{marks} {section} {title}");
            assert!(text.lines().any(|line| line == heading), "no {heading}");
        }
    }

    #[test]
    fn a_section_has_those_below_it() {
        assert_eq!((RESUME_UNKNOWN.section(), CONTROL_UNKNOWN.section()), ("6.4", "6"));
        assert!(RESUME_UNKNOWN.is_in("6") && RESUME_UNKNOWN.is_in("6.4"));
        assert!(!RESUME_UNKNOWN.is_in("6.1") && !GIT_TYPES.is_in("1"));
    }
}
