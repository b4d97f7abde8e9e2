//! One table of situations and what the command exits with.

use longhaul::server::{Profile, RawMessage, Script};

use crate::archive::of;
use crate::peer::{nobody, refusing};
use crate::support::{Folder, Serving, run};

/// The exit code, the server, the words, and the variables.
type Situation<'a> = (i32, &'a String, &'a str, &'a [(&'a str, &'a str)]);

#[test]
fn each_situation_has_its_exit_code() {
    let good = Serving::start(|server| server);
    let guarded = Serving::start(|server| server.user("ME", "right"));
    let scripted = |script: Script| Serving::start(|server| server.script(script));
    let empty = r#"{"id":"{id}","type":"complete","totalChunks":0}"#;
    let nothing = Serving::start(|server| {
        server.profile(Profile::Seed).script(Script::new().raw(vec![empty.into()]))
    });
    let failing = scripted(Script::new().error_after(1, "SERVICE_EXCEPTION", "dump"));
    let corrupt = scripted(Script::new().corrupt_bit(100, 3));
    let cut = scripted(Script::new().cut_after(0));
    let closing = scripted(Script::new().raw(vec![RawMessage::Close]));
    let stalled = scripted(Script::new().stall_after(1));
    let hostile = scripted(Script::new().payload(of(&[("../a.prog.abap", "x")])));
    let (good, guarded, nobody) = (&good.url(), &guarded.url(), &nobody());
    let https = &nobody.replace("http:", "https:");
    let gone = &refusing("404 Not Found", "");
    let nothing_here = &String::new();
    let urls = [&nothing, &failing, &corrupt, &cut, &closing, &stalled, &hostile].map(Serving::url);
    let [nothing, failing, corrupt, cut, closing, stalled, hostile] = &urls;

    let me = [("SAP_USER", "ME")];
    let wrong = [("SAP_USER", "ME"), ("SAP_PASSWORD", "wrong")];
    let right = [("SAP_USER", "ME"), ("SAP_PASSWORD", "right")];
    let situations: &[Situation<'_>] = &[
        (0, good, "--help", &[]),
        (0, good, "--version", &[]),
        (0, good, "completions bash", &[]),
        (0, good, "ping", &[]),
        (0, guarded, "ping", &right),
        (0, good, "export $DEMO -o new.zip", &[]),
        (0, good, "export $DEMO --extract new", &[]),
        (1, good, "export $DEMO -o no/such/a.zip", &[]),
        (1, good, "export $DEMO -o there", &[]),
        (1, good, "export $DEMO --extract there", &[]),
        (1, good, "export $DEMO --extract no/such/there", &[]),
        (2, good, "", &[]),
        (2, good, "nonsense", &[]),
        (2, good, "ping --nonsense", &[]),
        (2, good, "ping --cert a.pem", &[]),
        (2, good, "ping --key a.key", &[]),
        (2, good, "ping --cookie-file a --user ME", &[]),
        (2, good, "ping --client 1", &[]),
        (2, good, "export", &[]),
        (2, good, "export $DEMO --json -o -", &[]),
        (2, good, "export $DEMO --overwrite", &[]),
        (2, good, "export $DEMO -o same --extract ./same", &[]),
        (2, good, "export $DEMO --extract ..", &[]),
        (2, good, "export $DEMO --chunk-size 0", &[]),
        (2, good, "export $DEMO --timeout soon", &[]),
        (2, good, "export --object ZCL_A", &[]),
        (2, good, "export --objects-from nosuch.txt", &[]),
        (2, good, "completions nosuchshell", &[]),
        (3, nothing_here, "ping", &[]),
        (3, good, "ping -s nosuch", &[]),
        (3, good, "ping --url h:1", &[]),
        (3, good, "ping --proxy socks5://h:1", &[]),
        (3, good, "ping --cookie-file nosuch.txt", &[]),
        (3, good, "ping", &[("SAP_CLIENT", "1")]),
        (3, good, "ping", &[("SAP_INSECURE", "perhaps")]),
        (3, https, "ping --cacert nosuch.pem", &[]),
        (3, nobody, "ping", &[]),
        (3, nobody, "export $DEMO", &[]),
        (3, guarded, "export $DEMO", &wrong),
        (3, https, "export $DEMO --cacert nosuch.pem", &[]),
        (3, good, "export $DEMO -s nosuch", &[]),
        (3, gone, "ping", &[]),
        (3, guarded, "ping", &[]),
        (3, guarded, "ping", &me),
        (3, guarded, "ping", &wrong),
        (3, good, "serve --listen nowhere --package $X=there", &[]),
        (4, good, "export $NOSUCH", &[]),
        (4, good, "call nosuch nosuch", &[]),
        (4, nothing, "export $DEMO", &[]),
        (4, failing, "export $DEMO", &[]),
        (5, corrupt, "export $DEMO", &[]),
        (5, cut, "export $DEMO", &[]),
        (5, closing, "export $DEMO", &[]),
        (5, stalled, "export $DEMO --timeout 300ms", &[]),
        (5, stalled, "export $DEMO --idle-timeout 300ms", &[]),
        (5, good, "export $DEMO --max-size 10kB", &[]),
        (5, good, "export $DEMO --max-message 10kB", &[]),
        (5, hostile, "export $DEMO --extract new", &[]),
        (6, good, "export $DEMO --object CLAS:ZCL_NO_SUCH -o new.zip", &[]),
    ];
    check(situations);
}

#[test]
fn what_goes_on_and_what_comes_as_records_has_its_exit_code() {
    let scripted = |script: Script| Serving::start(|server| server.script(script));
    let good = scripted(Script::new());
    let mended = scripted(Script::new().cut_after(2));
    let records = scripted(Script::new().payload(&b"{\"a\":1}\n{\"a\":2}\n"[..]));
    let no_records = scripted(Script::new().payload(&b"{nothing}\n"[..]));
    let torn = Script::new().payload(&b"[1,2]"[..]).truncate_payload(3);
    let torn = scripted(torn);
    let good = &good.url();
    let urls = [&mended, &records, &no_records, &torn].map(Serving::url);
    let [mended, records, no_records, torn] = &urls;
    let stream =
        |more: &str| format!(r#"call git export --stream --params {{"packages":["$DEMO"]}}{more}"#);
    let (stream, stream_json, stream_to_file) =
        (&stream(""), &stream(" --json"), &stream(" -o new.bin"));
    let situations: &[Situation<'_>] = &[
        (0, good, "export $DEMO -o new.zip --resume", &[]),
        (0, good, "export $DEMO -o new.zip --extract new --resume", &[]),
        (0, mended, "export $DEMO -o new.zip", &[]),
        (0, records, stream, &[]),
        (0, records, stream_json, &[]),
        (0, no_records, stream_to_file, &[]),
        (2, good, "export $DEMO --resume -o -", &[]),
        (2, good, "export $DEMO --resume --extract some", &[]),
        (2, good, "call system ping --resume", &[]),
        (2, good, "serve --package $X=there --retain 0s", &[]),
        (2, good, "serve --package $X=there --retain-size none", &[]),
        (3, good, "serve --package $X=there --retain-dir there/kept.txt", &[]),
        (4, good, "export $NOSUCH --resume", &[]),
        (5, no_records, stream, &[]),
        (5, no_records, stream_json, &[]),
        (5, torn, stream, &[]),
        (5, torn, stream_to_file, &[]),
    ];
    check(situations);
}

#[track_caller]
fn check(situations: &[Situation<'_>]) {
    for (code, url, line, variables) in situations {
        let folder = Folder::new();
        folder.write("there/kept.txt", "kept");
        let mut words: Vec<_> = line.split(' ').filter(|word| !word.is_empty()).collect();
        // Small chunks, so that each fault has one to befall.
        if line.starts_with("export $") {
            words.extend(["--chunk-size", "10kB"]);
        }
        run(folder.longhaul(url, &words).envs(variables.iter().copied())).expect(*code);
        let appeared = folder.finished().len() > 1;
        assert_eq!(appeared, line.contains("new") && [0, 6].contains(code), "{line}");
    }
}
