"! <p class="shorttext synchronized">longhaul: one request that is worked on</p>
"! Works in slices, and sends what may be sent:
"! <pre>
"!   checking --> working --> sending --> over        checking: only where an operation is gone on with
"!      +------------+-----------+-- error --> over   chunks are sent while it works, too
"! </pre>
CLASS zcl_longhaul_stream DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_sink.

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

    TYPES:
      "! What the client has of an operation that it goes on with
      BEGIN OF part,
        next   TYPE i,
        offset TYPE i,
        sha256 TYPE string,
      END OF part.

    CONSTANTS:
      BEGIN OF phases,
        checking TYPE i VALUE 1,
        working  TYPE i VALUE 2,
        sending  TYPE i VALUE 3,
        over     TYPE i VALUE 4,
      END OF phases.

    "! So many sessions may be lost with an item before it is left out
    CONSTANTS max_tries TYPE i VALUE 2.

    DATA id TYPE string READ-ONLY.
    DATA phase TYPE i READ-ONLY.
    "! The operation as the store knows it; without a key once another stream has it
    DATA record TYPE zlonghaul_oper READ-ONLY.

    "! prefix is there where the operation is gone on with
    METHODS constructor
      IMPORTING
        terms      TYPE wishes
        record     TYPE zlonghaul_oper
        operation  TYPE REF TO zif_longhaul_operation
        connection TYPE REF TO zif_longhaul_connection
        store      TYPE REF TO zif_longhaul_store
        clock      TYPE REF TO zif_longhaul_clock
        prefix     TYPE part OPTIONAL
      RAISING
        zcx_longhaul.

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
        zcx_longhaul
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
    DATA terms TYPE wishes.
    DATA operation TYPE REF TO zif_longhaul_operation.
    DATA connection TYPE REF TO zif_longhaul_connection.
    DATA store TYPE REF TO zif_longhaul_store.
    DATA clock TYPE REF TO zif_longhaul_clock.
    DATA settings TYPE zcl_longhaul_config=>settings.
    DATA frames TYPE REF TO zcl_longhaul_frames.
    DATA payload TYPE REF TO zcl_longhaul_payload.
    DATA prefix TYPE part.
    "! The next chunk to be sent
    DATA next TYPE i.
    "! The last one that may be sent, with credit
    DATA granted TYPE i.
    DATA is_accepted TYPE abap_bool.
    DATA warnings TYPE string_table.
    "! The item that earlier sessions did not come back from, 0 for none, and how many of them. One may be
    "! at work still, on a connection that is gone
    DATA suspect TYPE i.
    DATA suspect_tries TYPE i.
    DATA saved_at TYPE zif_longhaul=>milliseconds.
    "! When the row of the operation was last written by this stream
    DATA written_at TYPE zif_longhaul=>milliseconds.
    DATA told_at TYPE zif_longhaul=>milliseconds.
    DATA has_told TYPE abap_bool.
    "! While it is checked: the last chunk that was read, and the digests of the prefix and of the whole
    DATA checked TYPE i.
    DATA is_attached TYPE abap_bool.
    "! Stands for this stream in the store, so that each stream notices when another takes over
    DATA session TYPE zlonghaul_oper-session_id.
    DATA prefix_digest TYPE zcl_longhaul_codec=>hash.
    DATA digest TYPE zcl_longhaul_codec=>hash.

    METHODS enter
      RAISING zcx_longhaul.
    METHODS verify
      IMPORTING until TYPE zif_longhaul=>milliseconds
      RAISING   zcx_longhaul
                zcx_longhaul_lost.
    METHODS read_on
      RAISING zcx_longhaul.
    METHODS attach
      RAISING zcx_longhaul.
    METHODS check_prefix
      RAISING zcx_longhaul.
    METHODS go_on
      RAISING zcx_longhaul
              zcx_longhaul_lost.
    METHODS proceed
      IMPORTING until TYPE zif_longhaul=>milliseconds
      RAISING   zcx_longhaul
                zcx_longhaul_lost.
    METHODS do_item
      RAISING zcx_longhaul.
    METHODS conclude
      RAISING zcx_longhaul
              zcx_longhaul_lost.
    METHODS save
      RAISING zcx_longhaul.
    "! Notes that this item is worked on
    METHODS mark
      IMPORTING item TYPE i
      RAISING   zcx_longhaul.
    "! No item is worked on; one that earlier sessions did not come back from is not forgotten before it
    "! is done
    METHODS unmark.
    "! Writes that the operation is at work, and on what; finds out whether another session has it
    METHODS stay_alive
      RAISING zcx_longhaul.
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
    METHODS accept
      RAISING zcx_longhaul_lost.
    "! Ends it with an error of its own work, which is kept as a result would be
    METHODS fail
      IMPORTING error TYPE REF TO zcx_longhaul
      RAISING   zcx_longhaul
                zcx_longhaul_lost.
    "! Whether it says that the operation is not this stream's
    METHODS is_about_owner
      IMPORTING error                 TYPE REF TO zcx_longhaul
      RETURNING VALUE(is_about_owner) TYPE abap_bool.
    METHODS give_up
      IMPORTING error TYPE REF TO zcx_longhaul
      RAISING   zcx_longhaul_lost.
    METHODS tell_progress
      IMPORTING is_due TYPE abap_bool DEFAULT abap_false
      RAISING   zcx_longhaul_lost.
    METHODS may_send
      RETURNING VALUE(may_send) TYPE abap_bool.
    METHODS has_sent_all
      RETURNING VALUE(has_sent_all) TYPE abap_bool.
    METHODS is_held_up
      RETURNING VALUE(is_held_up) TYPE abap_bool.
    METHODS expires
      RETURNING VALUE(expires) TYPE zif_longhaul=>milliseconds.
    "! What has become of an operation that this stream does not have, or not any more
    METHODS not_mine
      RETURNING VALUE(exception) TYPE REF TO zcx_longhaul
      RAISING   zcx_longhaul.
    METHODS is_whole
      RETURNING VALUE(is_whole) TYPE abap_bool.
ENDCLASS.



CLASS zcl_longhaul_stream IMPLEMENTATION.


  METHOD accept.
    is_accepted = abap_true.
    IF terms-is_stream = abap_false.
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


  METHOD attach.
    DATA(attached) = store->attach( opid    = record-opid
                                    session = session
                                    now     = clock->now( )
                                    expires = expires( ) ).
    IF attached IS INITIAL OR attached-status = zif_longhaul_store=>statuses-expired.
      RAISE EXCEPTION not_mine( ).
    ENDIF.
    record = attached.
    is_attached = abap_true.
  ENDMETHOD.


  METHOD verify.
    WHILE checked < prefix-next - 1 AND checked < record-part_count.
      read_on( ).
      IF clock->now( ) >= until.
        RETURN.
      ENDIF.
    ENDWHILE.
    IF is_attached = abap_false.
      check_prefix( ).
      attach( ).
    ENDIF.
    WHILE record-status = zif_longhaul_store=>statuses-working AND checked < record-part_count.
      read_on( ).
      IF clock->now( ) >= until.
        RETURN.
      ENDIF.
    ENDWHILE.
    go_on( ).
  ENDMETHOD.


  METHOD check_prefix.
    IF prefix-next = record-part_count + 1.
      DATA(border) = record-byte_count.
    ELSEIF prefix-next <= record-part_count.
      border = store->chunk( opid = record-opid
                             seq  = prefix-next )-offset.
    ELSE.
      border = -1.
    ENDIF.
    IF prefix-offset <> border.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-resume_mismatch
          message = `nextSeq and offset are no border of a chunk`.
    ENDIF.
    DATA(sha256) = zcl_longhaul_codec=>sha256_end( prefix_digest ).
    IF sha256 <> prefix-sha256.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-resume_mismatch
          message = `sha256 is another one`.
    ENDIF.
  ENDMETHOD.


  METHOD conclude.
    " What can be lost on the way comes first: the end is written once.
    tell_progress( abap_true ).
    operation->finish( me ).
    payload->close( ).
    record-status = zif_longhaul_store=>statuses-done.
    record-sha256 = payload->sha256( ).
    record-outcome_json = COND #( WHEN terms-is_stream = abap_true THEN operation->result( ) ).
    phase = phases-sending.
  ENDMETHOD.


  METHOD constructor.
    me->terms = terms.
    me->record = record.
    me->operation = operation.
    me->connection = connection.
    me->store = store.
    me->clock = clock.
    me->prefix = prefix.
    id = terms-id.
    session = zcl_longhaul_codec=>unique( ).
    settings = zcl_longhaul_config=>current( ).
    frames = NEW #( terms-id ).
    next = 1.
    DATA(max_bytes) = COND i( WHEN terms-is_stream = abap_true THEN settings-max_payload ELSE settings-max_answer ).
    payload = NEW #(
      chunk_bytes = COND i( WHEN terms-is_stream = abap_true THEN record-chunk_bytes ELSE max_bytes )
      max_bytes   = max_bytes
      max_chunks  = settings-max_chunks
      error_code  = operation->error_code( ) ).
    phase = phases-working.
    IF prefix-next = 0.
      enter( ).
    ELSE.
      next = prefix-next.
      phase = phases-checking.
      prefix_digest = zcl_longhaul_codec=>sha256_begin( ).
      digest = zcl_longhaul_codec=>sha256_begin( ).
    ENDIF.
    IF terms-has_credit = abap_true.
      " Whoever grants more than there can be does not make it less.
      granted = COND #( WHEN terms-window > 2147483647 - next THEN 2147483647 ELSE next - 1 + terms-window ).
    ENDIF.
  ENDMETHOD.


  METHOD enter.
    record-session_id = session.
    written_at = clock->now( ).
    record-touched = written_at.
    record-expires = expires( ).
    IF store->create( record ) = abap_false.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code           = zif_longhaul=>code-busy
          message        = `another request with this key comes in`
          retry_after_ms = settings-retry_after_ms.
    ENDIF.
  ENDMETHOD.


  METHOD do_item.
    DATA(item) = operation->done( ) + 1.
    IF item = suspect.
      IF suspect_tries >= max_tries.
        operation->skip( me ).
        " So that the next item which does this is not met with this one before it.
        save( ).
        RETURN.
      ENDIF.
      " Nothing before it is to be done once more, should it end this session, too.
      save( ).
    ENDIF.
    IF record-is_kept = abap_true.
      " Known to the database before the work begins: a message of type A, E or X in there ends the session,
      " and whoever goes on then knows which item it was.
      mark( item ).
    ENDIF.
    operation->step( me ).
  ENDMETHOD.


  METHOD terminate.
    IF phase = phases-over.
      RETURN.
    ENDIF.
    phase = phases-over.
    IF is_kept = abap_true AND record-is_kept = abap_true.
      store->leave( opid    = record-opid
                    session = session
                    now     = clock->now( )
                    expires = expires( ) ).
    ELSE.
      store->free( opid    = record-opid
                   session = session ).
    ENDIF.
    connection->send_text( frames->error( error     = error
                                          is_stream = terms-is_stream ) ).
  ENDMETHOD.


  METHOD expires.
    expires = clock->now( ) + settings-ttl_ms.
  ENDMETHOD.


  METHOD fail.
    IF is_about_owner( error ) = abap_true.
      " The operation is none of this stream's affair any more, so that not even a cancel means it.
      phase = phases-over.
      CLEAR record-opid.
      connection->send_text( frames->error( error     = error
                                            is_stream = terms-is_stream ) ).
      RETURN.
    ENDIF.
    IF record-is_kept = abap_true AND phase = phases-working.
      record-status = zif_longhaul_store=>statuses-failed.
      record-outcome_json = |\{"code":{ zcl_longhaul_json=>quote( error->code ) }|
        && |,"message":{ zcl_longhaul_json=>quote( error->message ) }\}|.
      save( ).
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
        phase = phases-over.
        CLEAR record-opid.
        connection->send_text( frames->error(
          error     = COND #( WHEN is_about_owner( why ) = abap_true THEN why ELSE error )
          is_stream = terms-is_stream ) ).
    ENDTRY.
  ENDMETHOD.


  METHOD go_on.
    IF record-status = zif_longhaul_store=>statuses-working.
      suspect = record-item_no.
      suspect_tries = record-item_tries.
      zcl_longhaul_codec=>sha256_add( digest = digest
                                      bytes  = record-tail_data ).
      payload->restore( chunks    = record-part_count
                        cut_bytes = record-byte_count
                        tail      = record-tail_data
                        digest    = digest ).
      operation->restore( plan  = zcl_longhaul_json_reader=>read( record-plan_json )
                          state = zcl_longhaul_json_reader=>read( record-state_json ) ).
      phase = phases-working.
    ELSE.
      payload->restore( chunks    = record-part_count
                        cut_bytes = record-byte_count
                        tail      = VALUE #( )
                        sha256    = CONV #( record-sha256 ) ).
      phase = phases-sending.
    ENDIF.
    accept( ).
  ENDMETHOD.


  METHOD grant.
    granted = nmax( val1 = granted
                    val2 = up_to ).
  ENDMETHOD.


  METHOD has_sent_all.
    " A single answer has no chunks of its own.
    has_sent_all = xsdbool( terms-is_stream = abap_false OR next > payload->chunks ).
  ENDMETHOD.


  METHOD is_about_owner.
    is_about_owner = xsdbool( error->code = zif_longhaul=>code-superseded
      OR error->code = zif_longhaul=>code-resume_mismatch
      OR error->code = zif_longhaul=>code-resume_unknown
      OR error->code = zif_longhaul=>code-resume_expired ).
  ENDMETHOD.


  METHOD is_held_up.
    " What is kept goes to the database; all else stays in memory until the client takes it.
    is_held_up = xsdbool( record-is_kept = abap_false
      AND terms-is_stream = abap_true
      AND payload->count_held( ) > settings-max_held_chunks ).
  ENDMETHOD.


  METHOD is_ready.
    CASE phase.
      WHEN phases-checking.
        is_ready = abap_true.
      WHEN phases-working.
        is_ready = xsdbool( is_held_up( ) = abap_false OR may_send( ) = abap_true ).
      WHEN phases-sending.
        is_ready = xsdbool( has_sent_all( ) = abap_true OR may_send( ) = abap_true ).
      WHEN OTHERS.
        is_ready = abap_false.
    ENDCASE.
  ENDMETHOD.


  METHOD is_whole.
    is_whole = xsdbool( operation->done( ) >= operation->total( ) ).
  ENDMETHOD.


  METHOD lose.
    IF phase = phases-over.
      RETURN.
    ENDIF.
    IF record-is_kept = abap_false.
      store->free( opid    = record-opid
                   session = session ).
      RETURN.
    ENDIF.
    IF phase = phases-working.
      save( ).
    ENDIF.
    store->leave( opid    = record-opid
                  session = session
                  now     = clock->now( )
                  expires = expires( ) ).
  ENDMETHOD.


  METHOD mark.
    record-item_no = item.
    record-item_tries = COND #( WHEN item = suspect THEN suspect_tries + 1 ELSE 1 ).
    stay_alive( ).
  ENDMETHOD.


  METHOD may_send.
    may_send = xsdbool( terms-is_stream = abap_true
      AND next <= payload->chunks
      AND ( terms-has_credit = abap_false OR next <= granted ) ).
  ENDMETHOD.


  METHOD not_mine.
    DATA(now) = store->read( record-opid ).
    IF now IS INITIAL.
      exception = NEW #( code    = zif_longhaul=>code-resume_unknown
                         message = `the operation was freed` ).
    ELSEIF now-status = zif_longhaul_store=>statuses-expired.
      exception = NEW #( code    = zif_longhaul=>code-resume_expired
                         message = `the operation was kept for its time and is gone` ).
    ELSE.
      exception = NEW #( code    = zif_longhaul=>code-superseded
                         message = `resumed on another connection` ).
    ENDIF.
  ENDMETHOD.


  METHOD proceed.
    IF is_accepted = abap_false.
      " Alone, so that the client knows of the operation before anything of it can end the session.
      accept( ).
      tell_progress( ).
      RETURN.
    ENDIF.
    WHILE is_whole( ) = abap_false AND is_held_up( ) = abap_false.
      tell_progress( ).
      do_item( ).
      IF clock->now( ) >= until.
        EXIT.
      ENDIF.
    ENDWHILE.
    IF operation->has_records( ) = abap_true
        AND terms-is_stream = abap_true
        AND payload->chunks < settings-max_chunks DIV 2.
      " As long as it is far from where small chunks are too many.
      payload->flush( ).
    ENDIF.
    IF is_whole( ) = abap_true.
      conclude( ).
    ENDIF.
    IF record-is_kept = abap_true
        AND ( phase = phases-sending
        OR payload->chunks > record-part_count
        OR clock->now( ) - saved_at >= settings-checkpoint_ms ).
      save( ).
    ELSE.
      unmark( ).
      stay_alive( ).
    ENDIF.
  ENDMETHOD.


  METHOD read_on.
    DATA(chunk) = store->chunk( opid = record-opid
                                seq  = checked + 1 ).
    IF chunk-seq = 0.
      RAISE EXCEPTION not_mine( ).
    ENDIF.
    checked = chunk-seq.
    IF checked < prefix-next.
      zcl_longhaul_codec=>sha256_add( digest = prefix_digest
                                      bytes  = chunk-data ).
    ENDIF.
    IF record-status = zif_longhaul_store=>statuses-working.
      zcl_longhaul_codec=>sha256_add( digest = digest
                                      bytes  = chunk-data ).
    ENDIF.
  ENDMETHOD.


  METHOD save.
    unmark( ).
    record-part_count = payload->chunks.
    record-byte_count = payload->cut_bytes.
    record-tail_data = payload->tail( ).
    IF record-status = zif_longhaul_store=>statuses-working.
      record-state_json = operation->state( ).
    ELSE.
      CLEAR record-state_json.
    ENDIF.
    record-touched = clock->now( ).
    record-expires = expires( ).
    IF store->save( operation = record
                    chunks    = payload->take_new( ) ) = abap_false.
      RAISE EXCEPTION not_mine( ).
    ENDIF.
    payload->thin_out( settings-max_held_chunks ).
    saved_at = clock->now( ).
    written_at = saved_at.
  ENDMETHOD.


  METHOD send.
    LOOP AT warnings INTO DATA(warning).
      connection->send_text( warning ).
    ENDLOOP.
    CLEAR warnings.
    WHILE may_send( ) = abap_true.
      send_chunk( ).
      IF clock->now( ) >= until.
        EXIT.
      ENDIF.
    ENDWHILE.
    IF phase = phases-sending AND has_sent_all( ) = abap_true.
      send_last( ).
    ENDIF.
  ENDMETHOD.


  METHOD send_chunk.
    DATA(chunk) = payload->chunk( next ).
    IF chunk-seq = 0.
      chunk = store->chunk( opid = record-opid
                            seq  = next ).
    ENDIF.
    IF chunk-seq = 0.
      RAISE EXCEPTION not_mine( ).
    ENDIF.
    IF terms-alias > 0.
      connection->send_binary( zcl_longhaul_frames=>binary_chunk( alias = terms-alias
                                                                  chunk = chunk ) ).
    ELSE.
      connection->send_text( frames->chunk( chunk        = chunk
                                            has_checksum = terms-has_checksum ) ).
    ENDIF.
    payload->drop( next ).
    next = next + 1.
  ENDMETHOD.


  METHOD send_last.
    IF record-status = zif_longhaul_store=>statuses-failed.
      DATA(outcome) = zcl_longhaul_json_reader=>read( record-outcome_json ).
      terminate( error = NEW #( code = outcome->text_of( `code` )
                            message  = outcome->text_of( `message` ) )
           is_kept     = abap_true ).
      RETURN.
    ENDIF.
    DATA(last) = COND string(
      WHEN terms-is_stream = abap_false
      THEN frames->answer( operation->answer( payload->chunk( 1 )-data ) )
      ELSE frames->complete(
             chunks = payload->chunks
             size   = payload->cut_bytes
             sha256 = COND #( WHEN terms-has_checksum = abap_true THEN payload->sha256( ) )
             data   = record-outcome_json ) ).
    phase = phases-over.
    store->leave( opid    = record-opid
                  session = session
                  now     = clock->now( )
                  expires = expires( ) ).
    connection->send_text( last ).
  ENDMETHOD.


  METHOD stay_alive.
    IF store->mark( opid    = record-opid
                    session = session
                    item    = record-item_no
                    tries   = record-item_tries
                    now     = clock->now( )
                    expires = expires( ) ) = abap_false AND record-is_kept = abap_true.
      " One that is not kept is nobody else's: its row is there to be counted.
      RAISE EXCEPTION not_mine( ).
    ENDIF.
    written_at = clock->now( ).
  ENDMETHOD.


  METHOD tell_progress.
    DATA(now) = clock->now( ).
    IF terms-is_stream = abap_false
        OR ( is_due = abap_false AND has_told = abap_true AND now - told_at < settings-progress_ms ).
      RETURN.
    ENDIF.
    has_told = abap_true.
    told_at = now.
    connection->send_text( frames->progress( done    = operation->done( )
                                             total   = operation->total( )
                                             message = operation->label( ) ) ).
  ENDMETHOD.


  METHOD unmark.
    IF suspect > operation->done( ).
      record-item_no = suspect.
      record-item_tries = suspect_tries.
    ELSE.
      CLEAR record-item_no.
      CLEAR record-item_tries.
    ENDIF.
  ENDMETHOD.


  METHOD watch.
    " Before it is attached, it may belong to somebody else still.
    IF phase = phases-over
        OR ( phase = phases-checking AND is_attached = abap_false )
        OR clock->now( ) - written_at < settings-watch_ms.
      RETURN.
    ENDIF.
    TRY.
        IF phase <> phases-checking.
          unmark( ).
        ENDIF.
        stay_alive( ).
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
            verify( until ).
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
    IF terms-is_stream = abap_true.
      APPEND frames->warning( item    = item
                              code    = code
                              message = message ) TO warnings.
    ENDIF.
  ENDMETHOD.


  METHOD zif_longhaul_sink~write.
    payload->write( bytes ).
  ENDMETHOD.
ENDCLASS.
