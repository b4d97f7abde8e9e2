"! <p class="shorttext synchronized">longhaul: one connection</p>
"! Reads requests, answers what is light at once, and gives each heavy one a stream. Streams take turns:
"! one slice of one of them for each time the session is woken, so that what the client says in between
"! is heard.
CLASS zcl_longhaul_session DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    METHODS constructor
      IMPORTING
        connection TYPE REF TO zif_longhaul_connection
        registry   TYPE REF TO zcl_longhaul_registry
        store      TYPE REF TO zif_longhaul_store
        clock      TYPE REF TO zif_longhaul_clock.

    "! Sends the welcome
    METHODS start
      RAISING zcx_longhaul
              zcx_longhaul_lost.

    METHODS handle_text
      IMPORTING text TYPE string
      RAISING   zcx_longhaul_lost.

    "! Anything that is no text
    METHODS handle_unreadable
      RAISING zcx_longhaul_lost.

    METHODS handle_timer
      RAISING zcx_longhaul_lost.

    "! The connection is gone
    METHODS handle_close.

    "! All that this server can do (PROTOCOL 5)
    CLASS-METHODS features
      RETURNING VALUE(features) TYPE string_table.

  PRIVATE SECTION.
    TYPES stream TYPE REF TO zcl_longhaul_stream.
    TYPES:
      "! A stream that is over while its connection stands, so that it can still be cancelled
      BEGIN OF ended_stream,
        id   TYPE string,
        opid TYPE zlonghaul_oper-opid,
      END OF ended_stream.

    CONSTANTS max_ended TYPE i VALUE 256.
    CONSTANTS soon TYPE i VALUE 1.
    CONSTANTS shown_length TYPE i VALUE 100.

    DATA connection TYPE REF TO zif_longhaul_connection.
    DATA registry TYPE REF TO zcl_longhaul_registry.
    DATA store TYPE REF TO zif_longhaul_store.
    DATA admission TYPE REF TO zcl_longhaul_admission.
    DATA settings TYPE zcl_longhaul_config=>settings.
    "! In the order of their turns
    DATA streams TYPE STANDARD TABLE OF stream WITH EMPTY KEY.
    DATA ended TYPE STANDARD TABLE OF ended_stream WITH EMPTY KEY.

    METHODS serve
      IMPORTING request TYPE REF TO zcl_longhaul_request
      RAISING   zcx_longhaul
                zcx_longhaul_lost.
    METHODS steer
      IMPORTING request TYPE REF TO zcl_longhaul_request
      RAISING   zcx_longhaul
                zcx_longhaul_lost.
    METHODS cancel
      IMPORTING target TYPE string
      RAISING   zcx_longhaul
                zcx_longhaul_lost.
    METHODS grant
      IMPORTING credit TYPE zcl_longhaul_steering=>credit.
    "! Whether there is room for one more stream with this id
    METHODS check_room
      IMPORTING id TYPE string
      RAISING   zcx_longhaul.
    METHODS stream_of
      IMPORTING id            TYPE string
      RETURNING VALUE(stream) TYPE stream.
    METHODS take_turn
      RAISING zcx_longhaul_lost.
    METHODS watch
      RAISING zcx_longhaul_lost.
    METHODS drop_those_over.
    METHODS wake.
    METHODS refuse
      IMPORTING
        request TYPE REF TO zcl_longhaul_request
        error   TYPE REF TO zcx_longhaul
      RAISING
        zcx_longhaul_lost.
    METHODS refuse_unreadable
      IMPORTING error TYPE REF TO zcx_longhaul
      RAISING   zcx_longhaul_lost.
    METHODS welcome
      RETURNING VALUE(frame) TYPE string
      RAISING   zcx_longhaul.
    METHODS list_of_texts
      IMPORTING texts       TYPE string_table
      RETURNING VALUE(json) TYPE string.
ENDCLASS.



CLASS zcl_longhaul_session IMPLEMENTATION.


  METHOD cancel.
    DATA(stream) = stream_of( target ).
    IF stream IS BOUND.
      stream->terminate(
        error   = NEW #( code    = zif_longhaul=>code-cancelled
                         message = `cancelled by the client` )
        is_kept = abap_false ).
      RETURN.
    ENDIF.
    READ TABLE ended WITH KEY id = target INTO DATA(over).
    IF sy-subrc = 0.
      store->free( over-opid ).
    ENDIF.
  ENDMETHOD.


  METHOD check_room.
    IF stream_of( id ) IS BOUND.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-parse_error
          message = `id is in use`.
    ENDIF.
    IF lines( streams ) >= settings-max_transfers.
      DATA(busy) = zcx_longhaul=>busy( zcl_longhaul_admission=>too_many ).
      RAISE EXCEPTION busy.
    ENDIF.
  ENDMETHOD.


  METHOD constructor.
    me->connection = connection.
    me->registry = registry.
    me->store = store.
    admission = NEW #( connection = connection
                       registry   = registry
                       store      = store
                       clock      = clock ).
    settings = zcl_longhaul_config=>current( ).
  ENDMETHOD.


  METHOD drop_those_over.
    LOOP AT streams INTO DATA(stream).
      DATA(index) = sy-tabix.
      IF stream->phase <> zcl_longhaul_stream=>phases-over.
        CONTINUE.
      ENDIF.
      DATA(opid) = stream->opid( ).
      IF opid IS NOT INITIAL.
        INSERT VALUE #( id   = stream->id
                        opid = opid ) INTO ended INDEX 1.
      ENDIF.
      DELETE streams INDEX index.
    ENDLOOP.
    DELETE ended FROM max_ended + 1.
  ENDMETHOD.


  METHOD features.
    features = VALUE #( ( zif_longhaul=>feature-stream )
                        ( zif_longhaul=>feature-checksum )
                        ( zif_longhaul=>feature-cancel )
                        ( zif_longhaul=>feature-credit )
                        ( zif_longhaul=>feature-resume )
                        ( zif_longhaul=>feature-binary ) ).
  ENDMETHOD.


  METHOD stream_of.
    LOOP AT streams INTO DATA(candidate).
      IF candidate->id = id AND candidate->phase <> zcl_longhaul_stream=>phases-over.
        stream = candidate.
        RETURN.
      ENDIF.
    ENDLOOP.
  ENDMETHOD.


  METHOD grant.
    DATA(stream) = stream_of( credit-target ).
    IF stream IS BOUND.
      stream->grant( credit-up_to ).
    ENDIF.
  ENDMETHOD.


  METHOD handle_close.
    LOOP AT streams INTO DATA(stream).
      TRY.
          stream->lose( ).
        CATCH zcx_longhaul cx_no_check cx_dynamic_check ##NO_HANDLER.
          " Nobody is left to be told; the last state that was saved stands.
      ENDTRY.
    ENDLOOP.
    CLEAR streams.
  ENDMETHOD.


  METHOD handle_text.
    IF strlen( text ) > settings-max_request.
      refuse_unreadable( NEW #( code    = zif_longhaul=>code-parse_error
                                message = |request is longer than { settings-max_request } characters| ) ).
      RETURN.
    ENDIF.
    TRY.
        DATA(request) = zcl_longhaul_request=>read( text ).
      CATCH zcx_longhaul INTO DATA(unreadable).
        refuse_unreadable( unreadable ).
        RETURN.
      CATCH cx_no_check cx_dynamic_check INTO DATA(unforeseen).
        " Such as a text that the system's own codecs do not take.
        refuse_unreadable( NEW #( code    = zif_longhaul=>code-parse_error
                                  message = zcx_longhaul=>unforeseen( unforeseen )->message ) ).
        RETURN.
    ENDTRY.
    TRY.
        serve( request ).
      CATCH zcx_longhaul INTO DATA(error).
        refuse( request = request
                error   = error ).
      CATCH cx_no_check cx_dynamic_check INTO unforeseen.
        " Whatever else goes wrong with one request is its own affair.
        refuse( request = request
                error   = zcx_longhaul=>unforeseen( unforeseen ) ).
    ENDTRY.
    drop_those_over( ).
    wake( ).
  ENDMETHOD.


  METHOD handle_timer.
    take_turn( ).
    watch( ).
    drop_those_over( ).
    wake( ).
  ENDMETHOD.


  METHOD handle_unreadable.
    refuse_unreadable( NEW #( code    = zif_longhaul=>code-parse_error
                              message = `request is no text` ) ).
  ENDMETHOD.


  METHOD list_of_texts.
    DATA quoted TYPE string_table.
    LOOP AT texts INTO DATA(text).
      APPEND zcl_longhaul_json=>quote( text ) TO quoted.
    ENDLOOP.
    json = |[{ concat_lines_of( table = quoted
                                sep   = `,` ) }]|.
  ENDMETHOD.


  METHOD refuse.
    IF error->code = zif_longhaul=>code-parse_error.
      refuse_unreadable( error ).
      RETURN.
    ENDIF.
    DATA(is_resume) = xsdbool( request->domain = zif_longhaul=>stream_domain
      AND request->action = zif_longhaul=>resume_action ).
    connection->send_text( NEW zcl_longhaul_frames( request->id )->error(
      error     = error
      is_stream = xsdbool( request->is_stream = abap_true OR is_resume = abap_true ) ) ).
  ENDMETHOD.


  METHOD refuse_unreadable.
    connection->send_text( NEW zcl_longhaul_frames( zif_longhaul=>reserved_id-unknown )->error(
      error     = error
      is_stream = abap_false ) ).
  ENDMETHOD.


  METHOD serve.
    IF request->domain = zif_longhaul=>stream_domain.
      IF request->action = zif_longhaul=>resume_action.
        check_room( request->id ).
        APPEND admission->resume( request ) TO streams.
      ELSE.
        steer( request ).
      ENDIF.
      RETURN.
    ENDIF.
    DATA(query) = registry->query( domain = request->domain
                                   action = request->action ).
    IF query IS BOUND.
      connection->send_text( NEW zcl_longhaul_frames( request->id )->answer( query->answer( request->params ) ) ).
    ELSE.
      DATA(operation) = registry->operation( domain = request->domain
                                             action = request->action ).
      check_room( request->id ).
      APPEND admission->open( request   = request
                              operation = operation ) TO streams.
    ENDIF.
  ENDMETHOD.


  METHOD start.
    connection->send_text( welcome( ) ).
  ENDMETHOD.


  METHOD steer.
    CASE request->action.
      WHEN `cancel`.
        cancel( zcl_longhaul_steering=>read_target( request->params ) ).
      WHEN `credit`.
        grant( zcl_longhaul_steering=>read_credit( request->params ) ).
      WHEN `release`.
        admission->release( zcl_longhaul_steering=>read_key( request->params ) ).
      WHEN OTHERS.
        DATA(shown) = substring( val = request->action
                                 len = nmin( val1 = strlen( request->action )
                                             val2 = shown_length ) ).
        RAISE EXCEPTION TYPE zcx_longhaul
          EXPORTING
            code    = zif_longhaul=>code-unknown_action
            message = |no action { shown } in stream|.
    ENDCASE.
    connection->send_text( NEW zcl_longhaul_frames( request->id )->answer( ) ).
  ENDMETHOD.


  METHOD take_turn.
    LOOP AT streams INTO DATA(stream).
      IF stream->is_ready( ) = abap_true.
        DATA(index) = sy-tabix.
        stream->work( ).
        " Behind all others now.
        DELETE streams INDEX index.
        APPEND stream TO streams.
        RETURN.
      ENDIF.
    ENDLOOP.
  ENDMETHOD.


  METHOD wake.
    IF streams IS INITIAL.
      RETURN.
    ENDIF.
    LOOP AT streams INTO DATA(stream).
      IF stream->is_ready( ) = abap_true.
        connection->wake( soon ).
        RETURN.
      ENDIF.
    ENDLOOP.
    connection->wake( settings-watch_ms ).
  ENDMETHOD.


  METHOD watch.
    " Those that have enough to send never rest, and may be taken over all the same.
    LOOP AT streams INTO DATA(stream).
      stream->watch( ).
    ENDLOOP.
  ENDMETHOD.


  METHOD welcome.
    DATA(data) = |\{"session":"{ substring( val = zcl_longhaul_codec=>unique( )
                                            len = 8 ) }","version":"{ zif_longhaul=>version }"|
      && |,"domains":{ list_of_texts( registry->domains( ) ) },"features":{ list_of_texts( features( ) ) }|
      && |,"limits":\{"maxChunk":{ settings-max_chunk_bytes },"maxWindow":{ settings-max_window }|
      && |,"maxTransfers":{ settings-max_transfers },"minPingInterval":{ settings-min_ping_ms }\}\}|.
    frame = NEW zcl_longhaul_frames( zif_longhaul=>reserved_id-welcome )->answer( data ).
  ENDMETHOD.
ENDCLASS.
