"! <p class="shorttext synchronized">longhaul: what a session needs of its connection</p>
INTERFACE zif_longhaul_connection PUBLIC.
  METHODS send_text
    IMPORTING text TYPE string
    RAISING   zcx_longhaul.

  METHODS send_binary
    IMPORTING bytes TYPE xstring
    RAISING   zcx_longhaul.

  "! Asks to be woken once, after so many milliseconds; a later call replaces an earlier one
  METHODS wake
    IMPORTING after_ms TYPE i
    RAISING   zcx_longhaul.

  "! Who has logged on
  METHODS user
    RETURNING VALUE(user) TYPE string.
ENDINTERFACE.
