//! What stands below the help of each command.

pub(super) const GENERAL: &str = "\
Examples:
  longhaul export -s a4h '$ZRAY'
  longhaul ping --url https://sap.example:44300 --user ME
  longhaul serve --package '$DEMO=./demo'

Environment (flags win, -s stands in for SAP_*):
  SAP_URL, SAP_USER, SAP_PASSWORD, SAP_CLIENT (001), SAP_LANGUAGE (EN),
  SAP_COOKIE_FILE, SAP_COOKIE_STRING, SAP_INSECURE, VSP_<SYSTEM>_PASSWORD,
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY

Files (what neither flags nor environment say):
  .vsp.json, .vsp/systems.json, and the same in the home folder

Exit codes:
    0  done
    1  anything unforeseen, such as a file that cannot be written
    2  usage
    3  configuration, connection or logon
    4  the server refused or failed the operation, or delivered nothing
    5  the data did not verify, the transfer broke, a limit or a time ran out
    6  done, but objects are missing
  130  interrupted";

pub(super) const EXPORT: &str = "\
Examples:
  longhaul export --url http://sap.example:8000 --user ME '$ZRAY'
      writes $ZRAY.zip; the password is asked for
  longhaul export '$ZRAY' '$ZBOX' -o both.zip --json
      two packages in one archive, the result as one JSON object
  longhaul export -s a4h '$ZRAY' --extract zray
      files in a new folder and no archive; with -o as well, both
  longhaul export --object CLAS:ZCL_A --object PROG:ZREPORT -o some.zip
  longhaul export --objects-from missing.txt -o rest.zip
  longhaul export -s a4h '$ZRAY' --sessions 6
      in small requests over six sessions, for packages that take long
  longhaul export '$ZRAY' --resume
      goes on with what an interrupted export of the same left beside $ZRAY.zip
  longhaul export '$ZRAY' -o - | bsdtar -tf -
      nothing is written before everything has been verified

More than 100 objects are exported in shards by themselves where it can be
listed what the packages hold; --no-shard asks for one request.

Exit code 6 means that the file is there but objects are missing from it; they
are listed on stderr, and under `missing` and `skipped` with --json.";

pub(super) const PING: &str = "\
Examples:
  longhaul ping --url http://127.0.0.1:8000
  longhaul ping -s a4h --json
  longhaul ping --url https://sap.example:44300 --cacert company.pem --user ME
  longhaul ping --url https://sap.example:44300 --cookie-file cookies.txt";

pub(super) const TYPES: &str = "\
Examples:
  longhaul types -s a4h
  longhaul types --url http://127.0.0.1:8000 --json";

pub(super) const CALL: &str = "\
Examples:
  longhaul call system ping
  longhaul call -s a4h rfc search --params '{\"pattern\":\"BAPI_USER*\"}'
  longhaul call -s a4h atc run --stream --params '{\"packages\":[\"$ZRAY\"]}'
      prints each finding as soon as it is there
  longhaul call git export --stream -o zray.zip \\
      --params '{\"packages\":[\"$ZRAY\"],\"includeSubpackages\":false}'";

pub(super) const TUNE: &str = "\
Examples:
  longhaul tune -s a4h '$ZRAY'
      exports $ZRAY 26 times and says which chunk size to use
  longhaul tune -s a4h '$ZRAY' --sizes 256KiB,1MiB --rounds 7 -o tune.svg
      two sizes beside the default, with a picture
  longhaul tune --url http://127.0.0.1:8000 --payload-size 64MiB
      the test payload of `longhaul serve`

Times are from the request: to the first byte of the payload, and to the end,
verified. CPU is that of this process. What may come ahead waits here until it
is taken, so it is memory. The line marked * is advised: another size than the
default only if each of its runs was faster than any of the default's. All of
it takes 5 minutes at most, or what --timeout says. A server that answers in
one message has no chunks: there is nothing to tune, which is no failure.";

pub(super) const CHECK: &str = "\
Examples:
  longhaul check http://127.0.0.1:8000
      a reference server, with its test payload
  longhaul check -s a4h '$ZRAY' -q
      with the export of a small package; only what does not pass
  longhaul check http://host:8000 --operation atc.run --params '{\"packages\":[\"$ZRAY\"]}'
  longhaul check http://host:8000 --section 6.4 --json
  longhaul check --list

Name something small: it is asked for again and again. Ctrl+C releases nothing:
what a server with resume keeps then stays until its ttl. With -v each group of
checks says before what it does. Exit code 0 means that all that is offered
passes, notes aside; 4 that the server departs from PROTOCOL.md; 3 that there
was no connection to check.";

pub(super) const SERVE: &str = "\
Examples:
  longhaul serve --package '$DEMO=./demo'
  longhaul serve --listen 127.0.0.1:0 --profile seed --package '$DEMO=./demo'
      an older server, on any free port
  longhaul serve --profile deployed --object-delay 50ms --object-cost CLAS=200 \\
      --request-limit 60s --max-sessions 8 --package '$DEMO=./demo'
      as systems in the field are: slow object by object, and patient only so long
  longhaul serve --retain 1h --retain-dir kept --package '$DEMO=./demo'
  echo secret | longhaul serve --user ME --password-stdin --package '$DEMO=./demo'";

pub(super) const COMPLETIONS: &str = "\
Examples:
  longhaul completions bash > ~/.local/share/bash-completion/completions/longhaul
  longhaul completions zsh > ~/.zfunc/_longhaul
  longhaul completions fish > ~/.config/fish/completions/longhaul.fish
  longhaul completions powershell >> $PROFILE";
