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

    "! The client is to come again after a while
    CLASS-METHODS busy
      IMPORTING why              TYPE string
      RETURNING VALUE(exception) TYPE REF TO zcx_longhaul.

    "! Of an exception that nothing foresees. Its text may hold anything, so only its name goes out; it stands
    "! behind this one for whoever looks
    CLASS-METHODS unforeseen
      IMPORTING cause            TYPE REF TO cx_root
      RETURNING VALUE(exception) TYPE REF TO zcx_longhaul.
ENDCLASS.



CLASS zcx_longhaul IMPLEMENTATION.


  METHOD busy.
    exception = NEW #(
      code           = zif_longhaul=>code-busy
      message        = why
      retry_after_ms = zcl_longhaul_config=>current( )-retry_after_ms ).
  ENDMETHOD.


  METHOD constructor ##ADT_SUPPRESS_GENERATION.
    super->constructor( previous ).
    me->code = code.
    me->message = message.
    me->retry_after_ms = retry_after_ms.
  ENDMETHOD.


  METHOD if_message~get_text.
    result = |{ code }: { message }|.
  ENDMETHOD.


  METHOD unforeseen.
    DATA(path) = CONV string( cl_abap_classdescr=>get_class_name( cause ) ).
    exception = NEW #(
      code     = zif_longhaul=>code-service_exception
      message  = |an exception that nothing foresees: { segment( val   = path
                                                                 index = -1
                                                                 sep   = `=` ) }|
      previous = cause ).
  ENDMETHOD.
ENDCLASS.
