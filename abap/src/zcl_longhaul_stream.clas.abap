"! <p class="shorttext synchronized">longhaul: one request that is worked on</p>
"! Works in slices, and sends what may be sent:
"! <pre>
"!   checking --> working --> sending --> over        checking: only where an operation is gone on with
"!      +------------+-----------+-- error --> over   chunks are sent while it works, too
"! </pre>
"! The work is zcl_longhaul_task's, what the client has is checked by zcl_longhaul_prefix, what it is sent goes
"! by zcl_longhaul_delivery, and what is kept by zcl_longhaul_lease.
CLASS zcl_longhaul_stream DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_sink.

    CONSTANTS:
      BEGIN OF phases,
        checking TYPE i VALUE 1,
        working  TYPE i VALUE 2,
        sending  TYPE i VALUE 3,
        over     TYPE i VALUE 4,
      END OF phases.

    DATA id TYPE string READ-ONLY.
    DATA phase TYPE i READ-ONLY.

    "! prefix is there where the operation is gone on with
    METHODS constructor
      IMPORTING
        terms      TYPE zcl_longhaul_delivery=>wishes
        record     TYPE zlonghaul_oper
        operation  TYPE REF TO zif_longhaul_operation
        connection TYPE REF TO zif_longhaul_connection
        store      TYPE REF TO zif_longhaul_store
        clock      TYPE REF TO zif_longhaul_clock
        prefix     TYPE zcl_longhaul_prefix=>claim OPTIONAL
      RAISING
        zcx_longhaul.

    "! What the operation is called in the store; empty once another stream has it
    METHODS opid
      RETURNING VALUE(opid) TYPE zlonghaul_oper-opid.

    "! Whether there is something to do without waiting for the client
    METHODS is_ready
      RETURNING VALUE(is_ready) TYPE abap_bool.

    "! One slice
    METHODS work
      RAISING zcx_longhaul_lost.

    "! Ends it with this error, unless it is over
    METHODS terminate
      IMPORTING
        error   TYPE REF TO zcx_longhaul
        is_kept TYPE abap_bool
      RAISING
        zcx_longhaul_lost.

    "! Chunks up to this one may be sent
    METHODS grant
      IMPORTING up_to TYPE i.

    "! Says now and then that it is alive, and looks whether another session has taken the operation
    METHODS watch
      RAISING zcx_longhaul_lost.

    "! The connection is gone
    METHODS lose
      RAISING zcx_longhaul.

  PRIVATE SECTION.
    DATA operation TYPE REF TO zif_longhaul_operation.
    DATA clock TYPE REF TO zif_longhaul_clock.
    DATA settings TYPE zcl_longhaul_config=>settings.
    DATA lease TYPE REF TO zcl_longhaul_lease.
    DATA delivery TYPE REF TO zcl_longhaul_delivery.
    DATA payload TYPE REF TO zcl_longhaul_payload.
    "! Only where the operation is gone on with
    DATA prefix TYPE REF TO zcl_longhaul_prefix.
    DATA task TYPE REF TO zcl_longhaul_task.

    METHODS go_on
      RAISING zcx_longhaul
              zcx_longhaul_lost.
    METHODS proceed
      IMPORTING until TYPE zif_longhaul=>milliseconds
      RAISING   zcx_longhaul
                zcx_longhaul_lost.
    METHODS conclude
      RAISING zcx_longhaul
              zcx_longhaul_lost.
    METHODS send
      IMPORTING until TYPE zif_longhaul=>milliseconds
      RAISING   zcx_longhaul
                zcx_longhaul_lost.
    METHODS send_chunk
      RAISING zcx_longhaul
              zcx_longhaul_lost.
    METHODS send_last
      RAISING zcx_longhaul
              zcx_longhaul_lost.
    "! Ends it with an error of its own work, which is kept as a result would be
    METHODS fail
      IMPORTING error TYPE REF TO zcx_longhaul
      RAISING   zcx_longhaul
                zcx_longhaul_lost.
    "! It is over, and the store knows, if it can
    METHODS let_go
      IMPORTING is_kept TYPE abap_bool.
    METHODS give_up
      IMPORTING error TYPE REF TO zcx_longhaul
      RAISING   zcx_longhaul_lost.
    "! The operation is somebody else's, or nobody's
    METHODS part_with
      IMPORTING error TYPE REF TO zcx_longhaul
      RAISING   zcx_longhaul_lost.
    METHODS may_send
      RETURNING VALUE(may_send) TYPE abap_bool.
    METHODS is_held_up
      RETURNING VALUE(is_held_up) TYPE abap_bool.
ENDCLASS.



CLASS zcl_longhaul_stream IMPLEMENTATION.


  METHOD conclude.
    " What can be lost on the way comes first: the end is written once.
    delivery->progress( operation = operation
                        is_due    = abap_true ).
    task->conclude( delivery->is_stream ).
    phase = phases-sending.
  ENDMETHOD.


  METHOD constructor.
    me->operation = operation.
    me->clock = clock.
    id = terms-id.
    settings = zcl_longhaul_config=>current( ).
    DATA(max_bytes) = COND i( WHEN terms-is_stream = abap_true THEN settings-max_payload ELSE settings-max_answer ).
    payload = NEW #(
      chunk_bytes = COND i( WHEN terms-is_stream = abap_true THEN record-chunk_bytes ELSE max_bytes )
      max_bytes   = max_bytes
      max_chunks  = settings-max_chunks
      error_code  = operation->error_code( ) ).
    delivery = NEW #( terms      = terms
                      next       = nmax( val1 = prefix-next
                                         val2 = 1 )
                      connection = connection
                      clock      = clock ).
    lease = NEW #( record = record
                   store  = store
                   clock  = clock ).
    task = NEW #( operation = operation
                  payload   = payload
                  lease     = lease
                  sink      = me ).
    IF prefix-next = 0.
      phase = phases-working.
      lease->create( ).
    ELSE.
      phase = phases-checking.
      me->prefix = NEW #( part  = prefix
                          lease = lease
                          clock = clock ).
    ENDIF.
  ENDMETHOD.


  METHOD fail.
    IF zcl_longhaul_lease=>is_about_owner( error ) = abap_true.
      part_with( error ).
      RETURN.
    ENDIF.
    IF lease->record-is_kept = abap_true AND phase = phases-working.
      task->fail( error ).
    ENDIF.
    terminate( error   = error
               is_kept = abap_true ).
  ENDMETHOD.


  METHOD give_up.
    TRY.
        fail( error ).
      CATCH zcx_longhaul INTO DATA(why).
        " The failure is not kept: the operation is somebody else's by now, or not even the database takes
        " part. The client is told all the same.
        part_with( COND #( WHEN zcl_longhaul_lease=>is_about_owner( why ) = abap_true THEN why ELSE error ) ).
    ENDTRY.
  ENDMETHOD.


  METHOD go_on.
    task->restore( prefix->digest ).
    phase = COND #( WHEN lease->record-status = zif_longhaul_store=>statuses-working
                    THEN phases-working
                    ELSE phases-sending ).
    delivery->accept( lease->record ).
  ENDMETHOD.


  METHOD grant.
    delivery->grant( up_to ).
  ENDMETHOD.


  METHOD is_held_up.
    " What is kept goes to the database; all else stays in memory until the client takes it.
    is_held_up = xsdbool( lease->record-is_kept = abap_false
      AND delivery->is_stream = abap_true
      AND payload->count_held( ) > settings-max_held_chunks ).
  ENDMETHOD.


  METHOD is_ready.
    CASE phase.
      WHEN phases-checking.
        is_ready = abap_true.
      WHEN phases-working.
        is_ready = xsdbool( is_held_up( ) = abap_false OR may_send( ) = abap_true ).
      WHEN phases-sending.
        is_ready = xsdbool( delivery->has_sent_all( payload->chunks ) = abap_true OR may_send( ) = abap_true ).
      WHEN OTHERS.
        is_ready = abap_false.
    ENDCASE.
  ENDMETHOD.


  METHOD let_go.
    phase = phases-over.
    TRY.
        IF is_kept = abap_true AND lease->record-is_kept = abap_true.
          lease->leave( ).
        ELSE.
          lease->free( ).
        ENDIF.
      CATCH zcx_longhaul ##NO_HANDLER.
        " The client is to have its last frame all the same; the row goes when its time is over.
    ENDTRY.
  ENDMETHOD.


  METHOD lose.
    IF phase = phases-over.
      RETURN.
    ENDIF.
    IF lease->record-is_kept = abap_false.
      lease->free( ).
      RETURN.
    ENDIF.
    IF phase = phases-working.
      task->save( ).
    ENDIF.
    lease->leave( ).
  ENDMETHOD.


  METHOD may_send.
    may_send = delivery->may_send( payload->chunks ).
  ENDMETHOD.


  METHOD opid.
    opid = lease->record-opid.
  ENDMETHOD.


  METHOD part_with.
    phase = phases-over.
    lease->give_away( ).
    delivery->error( error ).
  ENDMETHOD.


  METHOD proceed.
    IF delivery->is_accepted = abap_false.
      " Alone, so that the client knows of the operation before anything of it can end the session.
      delivery->accept( lease->record ).
      delivery->progress( operation ).
      RETURN.
    ENDIF.
    WHILE task->is_whole( ) = abap_false AND is_held_up( ) = abap_false.
      delivery->progress( operation ).
      task->do_item( ).
      IF clock->now( ) >= until.
        EXIT.
      ENDIF.
    ENDWHILE.
    IF operation->has_records( ) = abap_true
        AND delivery->is_stream = abap_true
        AND payload->chunks < settings-max_chunks DIV 2.
      " As long as it is far from where small chunks are too many.
      payload->flush( ).
    ENDIF.
    IF task->is_whole( ) = abap_true.
      conclude( ).
    ENDIF.
    task->save_if_due( ).
  ENDMETHOD.


  METHOD send.
    delivery->send_warnings( ).
    WHILE may_send( ) = abap_true.
      send_chunk( ).
      IF clock->now( ) >= until.
        EXIT.
      ENDIF.
    ENDWHILE.
    IF phase = phases-sending AND delivery->has_sent_all( payload->chunks ) = abap_true.
      send_last( ).
    ENDIF.
  ENDMETHOD.


  METHOD send_chunk.
    DATA(seq) = delivery->next.
    DATA(chunk) = payload->chunk( seq ).
    IF chunk-seq = 0.
      chunk = lease->chunk( seq ).
    ENDIF.
    delivery->chunk( chunk ).
    payload->drop( seq ).
  ENDMETHOD.


  METHOD send_last.
    IF lease->record-status = zif_longhaul_store=>statuses-failed.
      terminate( error   = lease->failure( )
                 is_kept = abap_true ).
      RETURN.
    ENDIF.
    DATA(answer) = COND string( WHEN delivery->is_stream = abap_false
                                THEN operation->answer( payload->chunk( 1 )-data ) ).
    let_go( abap_true ).
    IF delivery->is_stream = abap_true.
      delivery->complete( payload = payload
                          data    = lease->record-outcome_json ).
    ELSE.
      delivery->answer( answer ).
    ENDIF.
  ENDMETHOD.


  METHOD terminate.
    IF phase = phases-over.
      RETURN.
    ENDIF.
    let_go( is_kept ).
    delivery->error( error ).
  ENDMETHOD.


  METHOD watch.
    " Before it is attached, it may belong to somebody else still.
    IF phase = phases-over
        OR ( phase = phases-checking AND prefix->is_attached = abap_false )
        OR lease->is_silent( ) = abap_false.
      RETURN.
    ENDIF.
    TRY.
        IF phase = phases-checking.
          lease->stay_alive( ).
        ELSE.
          task->stay_alive( ).
        ENDIF.
      CATCH zcx_longhaul INTO DATA(error).
        give_up( error ).
    ENDTRY.
  ENDMETHOD.


  METHOD work.
    DATA until TYPE zif_longhaul=>milliseconds.
    until = clock->now( ) + settings-slice_ms.
    TRY.
        CASE phase.
          WHEN phases-checking.
            IF prefix->check( until ) = abap_true.
              go_on( ).
            ENDIF.
          WHEN phases-working.
            proceed( until ).
        ENDCASE.
        IF phase = phases-working OR phase = phases-sending.
          send( until ).
        ENDIF.
      CATCH zcx_longhaul INTO DATA(error).
        give_up( error ).
      CATCH cx_no_check cx_dynamic_check INTO DATA(unforeseen).
        " Whatever a serializer lets through ends its request, not the session.
        give_up( zcx_longhaul=>unforeseen( unforeseen ) ).
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_sink~warn.
    delivery->warn( item    = item
                    code    = code
                    message = message ).
  ENDMETHOD.


  METHOD zif_longhaul_sink~write.
    payload->write( bytes ).
  ENDMETHOD.
ENDCLASS.
