"! <p class="shorttext synchronized">longhaul: keeps operations and their chunks</p>
"! Each method that changes something is one transaction of its own, apart from the caller's. A method
"! that gives is_mine changes nothing where another session has the operation, or nobody knows it.
INTERFACE zif_longhaul_store PUBLIC.
  CONSTANTS:
    BEGIN OF statuses,
      working TYPE zlonghaul_oper-status VALUE 'W',
      done    TYPE zlonghaul_oper-status VALUE 'D',
      failed  TYPE zlonghaul_oper-status VALUE 'F',
      "! Freed by ttl or quota; only the key is remembered
      expired TYPE zlonghaul_oper-status VALUE 'X',
    END OF statuses.

  "! Not where there is one with this key already
  METHODS create
    IMPORTING operation     TYPE zlonghaul_oper
    RETURNING VALUE(is_new) TYPE abap_bool
    RAISING   zcx_longhaul.

  "! Initial where there is none
  METHODS read
    IMPORTING opid             TYPE zlonghaul_oper-opid
    RETURNING VALUE(operation) TYPE zlonghaul_oper
    RAISING   zcx_longhaul.

  "! Hands it to a session; whichever had it cannot change it any more
  METHODS attach
    IMPORTING
      opid             TYPE zlonghaul_oper-opid
      session          TYPE zlonghaul_oper-session_id
      now              TYPE zlonghaul_oper-touched
      expires          TYPE zlonghaul_oper-expires
    RETURNING
      VALUE(operation) TYPE zlonghaul_oper
    RAISING
      zcx_longhaul.

  "! Writes state and new chunks together
  METHODS save
    IMPORTING
      operation      TYPE zlonghaul_oper
      chunks         TYPE zif_longhaul=>slices
    RETURNING
      VALUE(is_mine) TYPE abap_bool
    RAISING
      zcx_longhaul.

  "! Notes which item is worked on, 0 for none, how many sessions have begun with it, and that this one
  "! is alive
  METHODS mark
    IMPORTING
      opid           TYPE zlonghaul_oper-opid
      session        TYPE zlonghaul_oper-session_id
      item           TYPE i
      tries          TYPE i
      now            TYPE zlonghaul_oper-touched
      expires        TYPE zlonghaul_oper-expires
    RETURNING
      VALUE(is_mine) TYPE abap_bool
    RAISING
      zcx_longhaul.

  "! The session does not have it any more; kept from now on, or forgotten if it was released meanwhile.
  "! The item that was noted stays
  METHODS leave
    IMPORTING
      opid    TYPE zlonghaul_oper-opid
      session TYPE zlonghaul_oper-session_id
      now     TYPE zlonghaul_oper-touched
      expires TYPE zlonghaul_oper-expires
    RAISING
      zcx_longhaul.

  METHODS chunk
    IMPORTING
      opid         TYPE zlonghaul_oper-opid
      seq          TYPE i
    RETURNING
      VALUE(chunk) TYPE zif_longhaul=>slice
    RAISING
      zcx_longhaul.

  "! Forgets it altogether, unless another session has it
  METHODS free
    IMPORTING
      opid           TYPE zlonghaul_oper-opid
      session        TYPE zlonghaul_oper-session_id DEFAULT space
    RETURNING
      VALUE(is_free) TYPE abap_bool
    RAISING
      zcx_longhaul.

  "! Lets whoever has it go on to the end, and keeps nothing then
  METHODS release
    IMPORTING opid TYPE zlonghaul_oper-opid
    RAISING   zcx_longhaul.

  "! Frees what has expired, and forgets what was freed before the time given
  METHODS expire
    IMPORTING
      now    TYPE zlonghaul_oper-touched
      forget TYPE zlonghaul_oper-touched
    RAISING
      zcx_longhaul.

  "! Frees the oldest of a user's operations that nobody works on until no more than so many, with so
  "! many bytes, are left
  METHODS limit
    IMPORTING
      user      TYPE zlonghaul_oper-uname
      max_count TYPE i
      max_bytes TYPE i
      now       TYPE zlonghaul_oper-touched
    RAISING
      zcx_longhaul.

  "! How many operations of a user are worked on by sessions that were alive since then
  METHODS count_working
    IMPORTING
      user         TYPE zlonghaul_oper-uname
      since        TYPE zlonghaul_oper-touched
    RETURNING
      VALUE(count) TYPE i
    RAISING
      zcx_longhaul.
ENDINTERFACE.
