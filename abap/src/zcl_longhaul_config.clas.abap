"! <p class="shorttext synchronized">longhaul: limits of the server</p>
"! One place for all numbers that an administrator may want to change.
CLASS zcl_longhaul_config DEFINITION PUBLIC FINAL CREATE PRIVATE.
  PUBLIC SECTION.
    TYPES:
      BEGIN OF settings,
        "! How long a slice of work may take, in milliseconds. Between two slices the session hears
        "! what the client has to say
        slice_ms         TYPE i,
        "! How often a session says at least that an operation is at work, and looks whether it is still its own
        watch_ms         TYPE i,
        "! How often the state of a kept operation is written at least
        checkpoint_ms    TYPE i,
        "! How often progress is told at most
        progress_ms      TYPE i,
        "! The largest request, in characters
        max_request      TYPE i,
        "! How many JSON values it may have: names of objects, most of all
        max_values       TYPE i,
        "! The chunk that is sent where none is asked for, and the largest, in decoded bytes
        chunk_bytes      TYPE i,
        max_chunk_bytes  TYPE i,
        max_window       TYPE i,
        "! Streams at once on one connection
        max_transfers    TYPE i,
        "! Operations at work at once for one user, over all connections
        max_operations   TYPE i,
        "! A session that was not heard of for so long counts as gone; one that is busy with an object for
        "! longer does its work all the same
        silent_ms        TYPE i,
        "! What the client is told to wait when BUSY
        retry_after_ms   TYPE i,
        "! Chunks that are kept in memory while the client does not take them
        max_held_chunks  TYPE i,
        "! The largest payload, in bytes, and the largest that goes into a single answer
        max_payload      TYPE i,
        "! How many chunks a payload may have; the client chooses their size
        max_chunks       TYPE i,
        max_answer       TYPE i,
        "! Objects that a list of them may have
        max_listed       TYPE i,
        "! Files that the result of an export lists; more, and it lists none
        max_listed_files TYPE i,
        "! How long an operation is kept while nobody is connected
        ttl_ms           TYPE i,
        "! How long it is remembered that it was kept
        remembered_ms    TYPE i,
        "! What may be kept for one user, in operations and bytes
        max_kept         TYPE i,
        max_kept_bytes   TYPE i,
        "! The least time between two pings of the client
        min_ping_ms      TYPE i,
      END OF settings.

    CLASS-METHODS current
      RETURNING VALUE(settings) TYPE settings.

    "! Other settings from now on, for this session
    CLASS-METHODS change
      IMPORTING settings TYPE settings.

  PRIVATE SECTION.
    CLASS-DATA changed TYPE settings.
ENDCLASS.



CLASS zcl_longhaul_config IMPLEMENTATION.


  METHOD change.
    changed = settings.
  ENDMETHOD.


  METHOD current.
    IF changed IS NOT INITIAL.
      settings = changed.
      RETURN.
    ENDIF.
    settings = VALUE #(
      slice_ms         = 200
      watch_ms         = 1000
      checkpoint_ms    = 2000
      progress_ms      = 1000
      max_request      = 4194304
      max_values       = 100000
      chunk_bytes      = 786432
      max_chunk_bytes  = 1048576
      max_window       = 64
      max_transfers    = 4
      max_operations   = 4
      silent_ms        = 60000
      retry_after_ms   = 2000
      max_held_chunks  = 8
      max_payload      = 2000000000
      max_chunks       = 65536
      max_answer       = 33554432
      max_listed       = 100000
      max_listed_files = 5000
      ttl_ms           = 600000
      remembered_ms    = 86400000
      max_kept         = 16
      max_kept_bytes   = 1073741824
      min_ping_ms      = 10000 ).
  ENDMETHOD.
ENDCLASS.
