"! <p class="shorttext synchronized">longhaul: which operations begin, or go on</p>
"! Makes a stream of a heavy request: a new operation where limits and quotas have room for it, or one that is
"! kept, if it is this user's and what the client says of it is right.
CLASS zcl_longhaul_admission DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    "! Of a connection, or of a user
    CONSTANTS too_many TYPE string VALUE `too many heavy requests`.

    METHODS constructor
      IMPORTING
        connection TYPE REF TO zif_longhaul_connection
        registry   TYPE REF TO zcl_longhaul_registry
        store      TYPE REF TO zif_longhaul_store
        clock      TYPE REF TO zif_longhaul_clock.

    "! A request for an operation; the key of one that is there attaches to it
    METHODS open
      IMPORTING
        request       TYPE REF TO zcl_longhaul_request
        operation     TYPE REF TO zif_longhaul_operation
      RETURNING
        VALUE(stream) TYPE REF TO zcl_longhaul_stream
      RAISING
        zcx_longhaul.

    "! stream.resume (PROTOCOL 6.4)
    METHODS resume
      IMPORTING request       TYPE REF TO zcl_longhaul_request
      RETURNING VALUE(stream) TYPE REF TO zcl_longhaul_stream
      RAISING   zcx_longhaul.

    "! stream.release: nothing is kept of it, at once or when it ends
    METHODS release
      IMPORTING key TYPE string
      RAISING   zcx_longhaul.

  PRIVATE SECTION.
    DATA connection TYPE REF TO zif_longhaul_connection.
    DATA registry TYPE REF TO zcl_longhaul_registry.
    DATA store TYPE REF TO zif_longhaul_store.
    DATA clock TYPE REF TO zif_longhaul_clock.
    DATA settings TYPE zcl_longhaul_config=>settings.
    "! Not used again on this connection
    DATA last_alias TYPE i.

    METHODS begin
      IMPORTING
        request       TYPE REF TO zcl_longhaul_request
        operation     TYPE REF TO zif_longhaul_operation
        record        TYPE zlonghaul_oper
      RETURNING
        VALUE(stream) TYPE REF TO zcl_longhaul_stream
      RAISING
        zcx_longhaul.
    METHODS go_on
      IMPORTING
        request       TYPE REF TO zcl_longhaul_request
        record        TYPE zlonghaul_oper
        prefix        TYPE zcl_longhaul_prefix=>claim
      RETURNING
        VALUE(stream) TYPE REF TO zcl_longhaul_stream
      RAISING
        zcx_longhaul.
    METHODS forget_what_is_over
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
ENDCLASS.



CLASS zcl_longhaul_admission IMPLEMENTATION.


  METHOD begin.
    DATA(user) = CONV zlonghaul_oper-uname( connection->user( ) ).
    IF store->count_working( user  = user
                             since = clock->now( ) - settings-silent_ms ) >= settings-max_operations.
      DATA(busy) = zcx_longhaul=>busy( too_many ).
      RAISE EXCEPTION busy.
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
    stream = NEW #( terms      = terms( request )
                    record     = new_record
                    operation  = operation
                    connection = connection
                    store      = store
                    clock      = clock ).
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


  METHOD forget_what_is_over.
    DATA(now) = clock->now( ).
    store->expire( now    = now
                   forget = now - settings-remembered_ms ).
  ENDMETHOD.


  METHOD go_on.
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
    stream = NEW #( terms      = terms( request )
                    record     = record
                    operation  = registry->operation( domain = CONV #( record-op_domain )
                                                      action = CONV #( record-op_action ) )
                    connection = connection
                    store      = store
                    clock      = clock
                    prefix     = prefix ).
  ENDMETHOD.


  METHOD open.
    forget_what_is_over( ).
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
      stream = begin( request   = request
                      operation = operation
                      record    = record ).
      RETURN.
    ENDIF.

    record-opid = opid( request->operation ).
    record-is_kept = abap_true.
    DATA(known) = store->read( record-opid ).
    IF known IS INITIAL.
      stream = begin( request   = request
                      operation = operation
                      record    = record ).
    ELSEIF known-question_id <> record-question_id AND known-status <> zif_longhaul_store=>statuses-expired.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-resume_mismatch
          message = `the key stands for another request`.
    ELSE.
      stream = go_on( request = request
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


  METHOD release.
    DATA(opid) = opid( key ).
    IF store->free( opid ) = abap_false.
      store->release( opid ).
    ENDIF.
  ENDMETHOD.


  METHOD resume.
    DATA(resume) = zcl_longhaul_steering=>read_resume( request->params ).
    forget_what_is_over( ).
    DATA(record) = store->read( opid( resume-operation ) ).
    IF record IS NOT INITIAL
        AND record-status <> zif_longhaul_store=>statuses-expired
        AND record-epoch_id <> resume-epoch.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-resume_mismatch
          message = `another epoch`.
    ENDIF.
    stream = go_on( request = request
                    record  = record
                    prefix  = VALUE #( next   = resume-next
                                       offset = resume-offset
                                       sha256 = resume-sha256 ) ).
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
ENDCLASS.
