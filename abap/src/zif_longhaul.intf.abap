"! <p class="shorttext synchronized">longhaul: words of the protocol</p>
INTERFACE zif_longhaul PUBLIC.
  "! Milliseconds since 1970, or a span of them
  TYPES milliseconds TYPE int8.
  "! A number that counts, of chunks or bytes; what is larger on the wire counts as the largest
  TYPES count TYPE i.

  TYPES:
    "! A chunk: its number from 1, where it stands in the payload, and its bytes
    BEGIN OF slice,
      seq    TYPE count,
      offset TYPE count,
      data   TYPE xstring,
    END OF slice,
    slices TYPE STANDARD TABLE OF slice WITH EMPTY KEY.

  CONSTANTS version TYPE string VALUE `1.0.0`.

  "! PROTOCOL 9
  CONSTANTS:
    BEGIN OF code,
      parse_error       TYPE string VALUE `PARSE_ERROR`,
      unknown_domain    TYPE string VALUE `UNKNOWN_DOMAIN`,
      unknown_action    TYPE string VALUE `UNKNOWN_ACTION`,
      missing_param     TYPE string VALUE `MISSING_PARAM`,
      service_exception TYPE string VALUE `SERVICE_EXCEPTION`,
      git_error         TYPE string VALUE `GIT_ERROR`,
      atc_error         TYPE string VALUE `ATC_ERROR`,
      not_available     TYPE string VALUE `NOT_AVAILABLE`,
      busy              TYPE string VALUE `BUSY`,
      cancelled         TYPE string VALUE `CANCELLED`,
      superseded        TYPE string VALUE `SUPERSEDED`,
      resume_unknown    TYPE string VALUE `RESUME_UNKNOWN`,
      resume_expired    TYPE string VALUE `RESUME_EXPIRED`,
      resume_mismatch   TYPE string VALUE `RESUME_MISMATCH`,
    END OF code.

  "! PROTOCOL 5.2
  CONSTANTS:
    BEGIN OF feature,
      stream   TYPE string VALUE `stream`,
      checksum TYPE string VALUE `checksum`,
      cancel   TYPE string VALUE `cancel`,
      credit   TYPE string VALUE `credit`,
      resume   TYPE string VALUE `resume`,
      binary   TYPE string VALUE `binary`,
    END OF feature.

  "! Ids that no request has (PROTOCOL 2.2)
  CONSTANTS:
    BEGIN OF reserved_id,
      welcome TYPE string VALUE `welcome`,
      unknown TYPE string VALUE `unknown`,
    END OF reserved_id.

  "! The domain of requests that steer others (PROTOCOL 6)
  CONSTANTS stream_domain TYPE string VALUE `stream`.
  CONSTANTS resume_action TYPE string VALUE `resume`.
ENDINTERFACE.
