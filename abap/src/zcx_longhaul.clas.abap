"! <p class="shorttext synchronized">longhaul: a request that is not served, or failed</p>
"! What it says goes out as the error of a frame (PROTOCOL 9), so texts name no secrets.
CLASS zcx_longhaul DEFINITION PUBLIC INHERITING FROM cx_static_check FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    "! One of zif_longhaul=>code
    DATA code TYPE string READ-ONLY.
    DATA message TYPE string READ-ONLY.
    "! How long the client is to wait; 0 where that is not said
    DATA retry_after_ms TYPE i READ-ONLY.

    METHODS constructor
      IMPORTING
        code           TYPE string
        message        TYPE string
        retry_after_ms TYPE i DEFAULT 0
        previous       LIKE previous OPTIONAL.

    METHODS if_message~get_text REDEFINITION.
ENDCLASS.



CLASS zcx_longhaul IMPLEMENTATION.


  METHOD constructor ##ADT_SUPPRESS_GENERATION.
    super->constructor( previous ).
    me->code = code.
    me->message = message.
    me->retry_after_ms = retry_after_ms.
  ENDMETHOD.


  METHOD if_message~get_text.
    result = |{ code }: { message }|.
  ENDMETHOD.
ENDCLASS.
