#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| longhaul::fuzzing::base64(data));
