"! <p class="shorttext synchronized">longhaul: where an operation puts what it makes</p>
INTERFACE zif_longhaul_sink PUBLIC.
  "! The next bytes of the payload, however many
  METHODS write
    IMPORTING bytes TYPE xstring
    RAISING   zcx_longhaul.

  "! Something went wrong with one item, while the operation goes on
  METHODS warn
    IMPORTING
      item    TYPE string
      code    TYPE string
      message TYPE string.
ENDINTERFACE.
