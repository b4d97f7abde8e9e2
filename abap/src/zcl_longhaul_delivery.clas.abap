"! <p class="shorttext synchronized">longhaul: what a client is sent of one stream</p>
"! Knows how the request wants to be answered, how far the chunks are, and how many more may be sent.
CLASS zcl_longhaul_delivery DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    TYPES:
      "! How the request wants to be answered (PROTOCOL 5, 6)
      BEGIN OF wishes,
        id           TYPE string,
        is_stream    TYPE abap_bool,
        has_checksum TYPE abap_bool,
        has_credit   TYPE abap_bool,
        window       TYPE i,
        "! 0 where chunks are text
        alias        TYPE i,
      END OF wishes.

    DATA is_stream TYPE abap_bool READ-ONLY.
    DATA is_accepted TYPE abap_bool READ-ONLY.
    "! The next chunk to be sent
    DATA next TYPE i READ-ONLY.

    METHODS constructor
      IMPORTING
        terms      TYPE wishes
        next       TYPE i DEFAULT 1
        connection TYPE REF TO zif_longhaul_connection
        clock      TYPE REF TO zif_longhaul_clock.

    "! Says that the operation is taken, where the client is to know
    METHODS accept
      IMPORTING record TYPE zlonghaul_oper
      RAISING   zcx_longhaul_lost.

    "! Now and then, or because it is due
    METHODS progress
      IMPORTING
        operation TYPE REF TO zif_longhaul_operation
        is_due    TYPE abap_bool DEFAULT abap_false
      RAISING
        zcx_longhaul_lost.

    "! Sent with the next send_warnings: whoever warns is at work, and does not want to hear of a lost connection
    METHODS warn
      IMPORTING
        item    TYPE string
        code    TYPE string
        message TYPE string.
    METHODS send_warnings
      RAISING zcx_longhaul_lost.

    "! Chunks up to this one may be sent
    METHODS grant
      IMPORTING up_to TYPE i.

    "! Whether the next chunk, of so many that there are, may be sent
    METHODS may_send
      IMPORTING chunks          TYPE i
      RETURNING VALUE(may_send) TYPE abap_bool.

    METHODS has_sent_all
      IMPORTING chunks              TYPE i
      RETURNING VALUE(has_sent_all) TYPE abap_bool.

    "! The next one
    METHODS chunk
      IMPORTING chunk TYPE zif_longhaul=>slice
      RAISING   zcx_longhaul_lost.

    "! data is JSON
    METHODS complete
      IMPORTING
        payload TYPE REF TO zcl_longhaul_payload
        data    TYPE string
      RAISING
        zcx_longhaul_lost.
    METHODS answer
      IMPORTING data TYPE string
      RAISING   zcx_longhaul_lost.
    METHODS error
      IMPORTING error TYPE REF TO zcx_longhaul
      RAISING   zcx_longhaul_lost.

  PRIVATE SECTION.
    CONSTANTS most TYPE i VALUE 2147483647.

    DATA terms TYPE wishes.
    DATA connection TYPE REF TO zif_longhaul_connection.
    DATA clock TYPE REF TO zif_longhaul_clock.
    DATA settings TYPE zcl_longhaul_config=>settings.
    DATA frames TYPE REF TO zcl_longhaul_frames.
    "! The last one that may be sent, with credit
    DATA granted TYPE i.
    DATA warnings TYPE string_table.
    DATA told_at TYPE zif_longhaul=>milliseconds.
    DATA has_told TYPE abap_bool.
ENDCLASS.



CLASS zcl_longhaul_delivery IMPLEMENTATION.


  METHOD accept.
    is_accepted = abap_true.
    IF is_stream = abap_false.
      RETURN.
    ENDIF.
    IF record-is_kept = abap_true.
      connection->send_text( frames->accepted(
        epoch       = CONV #( record-epoch_id )
        ttl         = CONV #( settings-ttl_ms )
        chunk_bytes = record-chunk_bytes
        alias       = terms-alias ) ).
    ELSEIF terms-alias > 0.
      connection->send_text( frames->accepted(
        chunk_bytes = record-chunk_bytes
        alias       = terms-alias ) ).
    ENDIF.
  ENDMETHOD.


  METHOD answer.
    connection->send_text( frames->answer( data ) ).
  ENDMETHOD.


  METHOD chunk.
    IF terms-alias > 0.
      connection->send_binary( zcl_longhaul_frames=>binary_chunk( alias = terms-alias
                                                                  chunk = chunk ) ).
    ELSE.
      connection->send_text( frames->chunk( chunk        = chunk
                                            has_checksum = terms-has_checksum ) ).
    ENDIF.
    next = next + 1.
  ENDMETHOD.


  METHOD complete.
    connection->send_text( frames->complete(
      chunks = payload->chunks
      size   = payload->cut_bytes
      sha256 = COND #( WHEN terms-has_checksum = abap_true THEN payload->sha256( ) )
      data   = data ) ).
  ENDMETHOD.


  METHOD constructor.
    me->terms = terms.
    me->next = next.
    me->connection = connection.
    me->clock = clock.
    is_stream = terms-is_stream.
    settings = zcl_longhaul_config=>current( ).
    frames = NEW #( terms-id ).
    IF terms-has_credit = abap_true.
      " Whoever grants more than there can be does not make it less.
      granted = COND #( WHEN terms-window > most - next THEN most ELSE next - 1 + terms-window ).
    ENDIF.
  ENDMETHOD.


  METHOD error.
    connection->send_text( frames->error( error     = error
                                          is_stream = is_stream ) ).
  ENDMETHOD.


  METHOD grant.
    granted = nmax( val1 = granted
                    val2 = up_to ).
  ENDMETHOD.


  METHOD has_sent_all.
    " A single answer has no chunks of its own.
    has_sent_all = xsdbool( is_stream = abap_false OR next > chunks ).
  ENDMETHOD.


  METHOD may_send.
    may_send = xsdbool( is_stream = abap_true
      AND next <= chunks
      AND ( terms-has_credit = abap_false OR next <= granted ) ).
  ENDMETHOD.


  METHOD progress.
    DATA(now) = clock->now( ).
    IF is_stream = abap_false
        OR ( is_due = abap_false AND has_told = abap_true AND now - told_at < settings-progress_ms ).
      RETURN.
    ENDIF.
    has_told = abap_true.
    told_at = now.
    connection->send_text( frames->progress( done    = operation->done( )
                                             total   = operation->total( )
                                             message = operation->label( ) ) ).
  ENDMETHOD.


  METHOD send_warnings.
    LOOP AT warnings INTO DATA(warning).
      connection->send_text( warning ).
    ENDLOOP.
    CLEAR warnings.
  ENDMETHOD.


  METHOD warn.
    IF is_stream = abap_true.
      APPEND frames->warning( item    = item
                              code    = code
                              message = message ) TO warnings.
    ENDIF.
  ENDMETHOD.
ENDCLASS.
