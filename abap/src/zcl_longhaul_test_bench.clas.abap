"! <p class="shorttext synchronized">longhaul: a session with doubles, for tests</p>
"! What the tests of sessions and streams have in common: a session whose connection, clock, objects and store
"! are doubles, and the requests that it is sent.
CLASS zcl_longhaul_test_bench DEFINITION PUBLIC ABSTRACT FOR TESTING CREATE PUBLIC.
  PROTECTED SECTION.
    CONSTANTS key TYPE string VALUE `Wc3nP0wq7ZbE4m_Xk2TtRA`.
    CONSTANTS digest_of_nothing TYPE string
      VALUE `e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`.

    DATA connection TYPE REF TO zcl_longhaul_double_connection.
    DATA clock TYPE REF TO zcl_longhaul_double_clock.
    DATA system TYPE REF TO zcl_longhaul_double_system.
    DATA store TYPE REF TO zcl_longhaul_double_store.
    DATA session TYPE REF TO zcl_longhaul_session.
    DATA settings TYPE zcl_longhaul_config=>settings.

    "! A first connection, whose welcome is forgotten
    METHODS begin
      RAISING cx_static_check.
    METHODS end.
    METHODS connect
      IMPORTING user TYPE string DEFAULT `ME`
      RAISING   cx_static_check.
    METHODS hear
      IMPORTING text TYPE string
      RAISING   cx_static_check.
    "! Wakes the session as long as it wants to be, but not for ever
    METHODS run
      IMPORTING times TYPE i DEFAULT 200
      RAISING   cx_static_check.
    METHODS export
      IMPORTING
        id          TYPE string DEFAULT `a`
        more        TYPE string DEFAULT ``
          PREFERRED PARAMETER id
      RETURNING
        VALUE(text) TYPE string.
    METHODS resume
      IMPORTING
        next        TYPE i
        offset      TYPE i
        sha256      TYPE string
      RETURNING
        VALUE(text) TYPE string.
    METHODS assert_sent
      IMPORTING part TYPE string.
ENDCLASS.



CLASS zcl_longhaul_test_bench IMPLEMENTATION.


  METHOD assert_sent.
    IF connection->has_sent( part ) = abap_false.
      cl_abap_unit_assert=>fail( |not sent: { part }; but { concat_lines_of( table = connection->texts
                                                                             sep   = `, ` ) }| ).
    ENDIF.
  ENDMETHOD.


  METHOD begin.
    settings = zcl_longhaul_config=>current( ).
    " The clock goes on whenever it is looked at, so a slice is one object or one chunk.
    settings-slice_ms = 1.
    zcl_longhaul_config=>change( settings ).
    clock = NEW #( ).
    system = NEW #( ).
    store = NEW #( system ).
    connect( ).
    connection->forget( ).
  ENDMETHOD.


  METHOD connect.
    connection = NEW #( user ).
    session = NEW #(
      connection = connection
      registry   = NEW zcl_longhaul_registry(
        catalog    = system
        authority  = system
        serializer = system
        checker    = system
        clock      = clock )
      store      = store
      clock      = clock ).
    session->start( ).
  ENDMETHOD.


  METHOD end.
    zcl_longhaul_config=>change( VALUE #( ) ).
  ENDMETHOD.


  METHOD export.
    text = |\{"id":"{ id }","domain":"git","action":"export","params":\{"packages":["$DEMO"]\}|
      && |,"stream":true,"chunkSize":200{ more }\}|.
  ENDMETHOD.


  METHOD hear.
    session->handle_text( text ).
  ENDMETHOD.


  METHOD resume.
    text = |\{"id":"s","domain":"stream","action":"resume","params":\{"operation":"{ key }"|
      && |,"epoch":"{ store->operations[ 1 ]-epoch_id }","nextSeq":{ next },"offset":{ offset },"sha256":"{ sha256 }"\}|
      && |,"stream":true,"chunkSize":200,"features":["checksum","resume"]\}|.
  ENDMETHOD.


  METHOD run.
    DO times TIMES.
      IF connection->rings( ) = abap_false.
        RETURN.
      ENDIF.
      session->handle_timer( ).
    ENDDO.
    cl_abap_unit_assert=>assert_true( xsdbool( times < 200 ) ).
  ENDMETHOD.
ENDCLASS.
