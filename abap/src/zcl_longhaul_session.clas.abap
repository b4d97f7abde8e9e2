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
    DATA clock TYPE REF TO zif_longhaul_clock.
    DATA settings TYPE zcl_longhaul_config=>settings.
    "! In the order of their turns
    DATA streams TYPE STANDARD TABLE OF stream WITH EMPTY KEY.
    DATA ended TYPE STANDARD TABLE OF ended_stream WITH EMPTY KEY.
    DATA last_alias TYPE i.

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
    METHODS let_go
      IMPORTING key TYPE string
      RAISING   zcx_longhaul.
    METHODS take_up
      IMPORTING request TYPE REF TO zcl_longhaul_request
      RAISING   zcx_longhaul.
    METHODS open_stream
      IMPORTING
        request   TYPE REF TO zcl_longhaul_request
        operation TYPE REF TO zif_longhaul_operation
      RAISING
        zcx_longhaul.
    METHODS start_new
      IMPORTING
        request   TYPE REF TO zcl_longhaul_request
        operation TYPE REF TO zif_longhaul_operation
        record    TYPE zlonghaul_oper
      RAISING
        zcx_longhaul.
    METHODS attach
      IMPORTING
        request TYPE REF TO zcl_longhaul_request
        record  TYPE zlonghaul_oper
        prefix  TYPE zcl_longhaul_prefix=>claim
      RAISING
        zcx_longhaul.
    METHODS check_room
      RAISING zcx_longhaul.
    METHODS terms
      IMPORTING request      TYPE REF TO zcl_longhaul_request
      RETURNING VALUE(terms) TYPE zcl_longhaul_delivery=>wishes.
    METHODS chunk_bytes
      IMPORTING request            TYPE REF TO zcl_longhaul_request
      RETURNING VALUE(chunk_bytes) TYPE i
      RAISING   zcx_longhaul.
    "! What is kept of an operation, by the user and the key that only the user knows
    METHODS opid
      IMPORTING key         TYPE string
      RETURNING VALUE(opid) TYPE zlonghaul_oper-opid
      RAISING   zcx_longhaul.
    METHODS question
      IMPORTING request         TYPE REF TO zcl_longhaul_request
      RETURNING VALUE(question) TYPE zlonghaul_oper-question_id
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
    METHODS busy
      RETURNING VALUE(exception) TYPE REF TO zcx_longhaul.
    METHODS list_of_texts
      IMPORTING texts       TYPE string_table
      RETURNING VALUE(json) TYPE string.
ENDCLASS.



CLASS zcl_longhaul_session IMPLEMENTATION.


  METHOD attach.
    CASE record-status.
      WHEN space.
        RAISE EXCEPTION TYPE zcx_longhaul
          EXPORTING
            code    = zif_longhaul=>code-resume_unknown
            message = `no operation has this key`.
      WHEN zif_longhaul_store=>statuses-expired.
        RAISE EXCEPTION TYPE zcx_longhaul
          EXPORTING
            code    = zif_longhaul=>code-resume_expired
            message = `the operation was kept for its time and is gone`.
    ENDCASE.
    APPEND NEW #( terms      = terms( request )
                  record     = record
                  operation  = registry->operation( domain = CONV #( record-op_domain )
                                                    action = CONV #( record-op_action ) )
                  connection = connection
                  store      = store
                  clock      = clock
                  prefix     = prefix ) TO streams.
  ENDMETHOD.


  METHOD start_new.
    DATA(user) = CONV zlonghaul_oper-uname( connection->user( ) ).
    IF store->count_working( user  = user
                             since = clock->now( ) - settings-silent_ms ) >= settings-max_operations.
      RAISE EXCEPTION busy( ).
    ENDIF.
    store->limit( user      = user
                  max_count = settings-max_kept
                  max_bytes = settings-max_kept_bytes
                  now       = clock->now( ) ).
    operation->prepare( request->params ).
    DATA(new_record) = record.
    IF new_record-is_kept = abap_true.
      new_record-plan_json = operation->plan( ).
      new_record-state_json = operation->state( ).
    ENDIF.
    APPEND NEW #( terms      = terms( request )
                  record     = new_record
                  operation  = operation
                  connection = connection
                  store      = store
                  clock      = clock ) TO streams.
  ENDMETHOD.


  METHOD busy.
    exception = NEW #(
      code           = zif_longhaul=>code-busy
      message        = `too many heavy requests`
      retry_after_ms = settings-retry_after_ms ).
  ENDMETHOD.


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
    IF lines( streams ) >= settings-max_transfers.
      RAISE EXCEPTION busy( ).
    ENDIF.
  ENDMETHOD.


  METHOD chunk_bytes.
    chunk_bytes = COND #( WHEN request->chunk_bytes = zcl_longhaul_request=>not_asked
                          THEN settings-chunk_bytes
                          ELSE nmin( val1 = request->chunk_bytes
                                     val2 = settings-max_chunk_bytes ) ).
    IF chunk_bytes = 0.
      " No chunk is that small, and one of a byte is not what anybody means.
      zcl_longhaul_steering=>refuse( `chunkSize` ).
    ENDIF.
  ENDMETHOD.


  METHOD constructor.
    me->connection = connection.
    me->registry = registry.
    me->store = store.
    me->clock = clock.
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
    ENDTRY.
    TRY.
        serve( request ).
      CATCH zcx_longhaul INTO DATA(error).
        refuse( request = request
                error   = error ).
      CATCH cx_no_check cx_dynamic_check INTO DATA(unforeseen).
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


  METHOD open_stream.
    IF stream_of( request->id ) IS BOUND.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-parse_error
          message = `id is in use`.
    ENDIF.
    check_room( ).
    DATA(now) = clock->now( ).
    store->expire( now    = now
                   forget = now - settings-remembered_ms ).

    DATA(record) = VALUE zlonghaul_oper(
      opid        = zcl_longhaul_codec=>unique( )
      uname       = connection->user( )
      question_id = question( request )
      op_domain   = request->domain
      op_action   = request->action
      epoch_id    = zcl_longhaul_codec=>unique( )
      chunk_bytes = chunk_bytes( request )
      status      = zif_longhaul_store=>statuses-working ).
    IF request->is_stream = abap_false
        OR request->operation IS INITIAL
        OR request->wants( zif_longhaul=>feature-resume ) = abap_false.
      start_new( request = request
             operation   = operation
             record      = record ).
      RETURN.
    ENDIF.

    record-opid = opid( request->operation ).
    record-is_kept = abap_true.
    DATA(known) = store->read( record-opid ).
    IF known IS INITIAL.
      start_new( request = request
             operation   = operation
             record      = record ).
    ELSEIF known-question_id <> record-question_id AND known-status <> zif_longhaul_store=>statuses-expired.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-resume_mismatch
          message = `the key stands for another request`.
    ELSE.
      attach( request = request
              record  = known
              prefix  = VALUE #( next   = 1
                                 sha256 = zcl_longhaul_codec=>sha256( VALUE #( ) ) ) ).
    ENDIF.
  ENDMETHOD.


  METHOD opid.
    opid = zcl_longhaul_codec=>sha256( zcl_longhaul_codec=>to_utf8( |{ connection->user( ) } { key }| ) ).
  ENDMETHOD.


  METHOD question.
    question = zcl_longhaul_codec=>sha256( zcl_longhaul_codec=>to_utf8(
      |{ request->domain } { request->action } { request->params->canonical( ) }| ) ).
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


  METHOD let_go.
    DATA(opid) = opid( key ).
    IF store->free( opid ) = abap_false.
      store->release( opid ).
    ENDIF.
  ENDMETHOD.


  METHOD take_up.
    DATA(resume) = zcl_longhaul_steering=>read_resume( request->params ).
    IF stream_of( request->id ) IS BOUND.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-parse_error
          message = `id is in use`.
    ENDIF.
    check_room( ).
    DATA(now) = clock->now( ).
    store->expire( now    = now
                   forget = now - settings-remembered_ms ).
    DATA(record) = store->read( opid( resume-operation ) ).
    IF record IS NOT INITIAL
        AND record-status <> zif_longhaul_store=>statuses-expired
        AND record-epoch_id <> resume-epoch.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-resume_mismatch
          message = `another epoch`.
    ENDIF.
    attach( request = request
            record  = record
            prefix  = VALUE #( next   = resume-next
                               offset = resume-offset
                               sha256 = resume-sha256 ) ).
  ENDMETHOD.


  METHOD serve.
    IF request->domain = zif_longhaul=>stream_domain.
      IF request->action = zif_longhaul=>resume_action.
        take_up( request ).
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
      open_stream( request = request
            operation      = registry->operation( domain = request->domain
                                             action      = request->action ) ).
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
        let_go( zcl_longhaul_steering=>read_key( request->params ) ).
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


  METHOD terms.
    terms = VALUE #(
      id           = request->id
      is_stream    = xsdbool( request->is_stream = abap_true OR request->domain = zif_longhaul=>stream_domain )
      has_checksum = request->wants( zif_longhaul=>feature-checksum )
      has_credit   = xsdbool( request->wants( zif_longhaul=>feature-credit ) = abap_true AND request->window > 0 )
      window       = request->window ).
    IF terms-is_stream = abap_true AND request->wants( zif_longhaul=>feature-binary ) = abap_true.
      last_alias = last_alias + 1.
      terms-alias = last_alias.
    ENDIF.
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
