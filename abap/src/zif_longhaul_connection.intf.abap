"! <p class="shorttext synchronized">longhaul: what a session needs of its connection</p>
"! What sends raises that the connection is gone; nothing else can go wrong with it.
INTERFACE zif_longhaul_connection PUBLIC.
  METHODS send_text
    IMPORTING text TYPE string
    RAISING   zcx_longhaul_lost.

  METHODS send_binary
    IMPORTING bytes TYPE xstring
    RAISING   zcx_longhaul_lost.

  "! Asks to be woken once, after so many milliseconds at the latest; asked again before that, the earlier
  "! time counts
  METHODS wake
    IMPORTING after_ms TYPE i.

  "! Who has logged on
  METHODS user
    RETURNING VALUE(user) TYPE string.
ENDINTERFACE.
