"! <p class="shorttext synchronized">longhaul: an operation while one stream has it</p>
"! Its row in the store, and all that whoever has it does to it. Each stream is a session of its own there, so
"! that each notices when another takes over.
CLASS zcl_longhaul_lease DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    "! The operation as the store knows it; without a key once another stream has it
    DATA record TYPE zlonghaul_oper READ-ONLY.

    METHODS constructor
      IMPORTING
        record TYPE zlonghaul_oper
        store  TYPE REF TO zif_longhaul_store
        clock  TYPE REF TO zif_longhaul_clock
      RAISING
        zcx_longhaul.

    "! A new operation
    METHODS create
      RAISING zcx_longhaul.

    "! One that is there; whichever stream had it does not have it any more
    METHODS attach
      RAISING zcx_longhaul.

    METHODS chunk
      IMPORTING seq          TYPE i
      RETURNING VALUE(chunk) TYPE zif_longhaul=>slice
      RAISING   zcx_longhaul.

    "! Which item is worked on, 0 for none, and how many sessions have begun with it; written with the next
    "! save or stay_alive
    METHODS note_item
      IMPORTING
        item  TYPE i
        tries TYPE i.

    "! How it ended; written with the next save
    METHODS note_result
      IMPORTING
        sha256 TYPE string
        data   TYPE string.
    METHODS note_failure
      IMPORTING error TYPE REF TO zcx_longhaul.

    "! What it failed with
    METHODS failure
      RETURNING VALUE(error) TYPE REF TO zcx_longhaul
      RAISING   zcx_longhaul.

    "! Writes its state together with the chunks that are new
    METHODS save
      IMPORTING
        operation TYPE REF TO zif_longhaul_operation
        payload   TYPE REF TO zcl_longhaul_payload
      RAISING
        zcx_longhaul.

    "! Whether it is time to save
    METHODS is_save_due
      RETURNING VALUE(is_due) TYPE abap_bool.

    "! Writes that it is at work, and on what; finds out whether another session has it
    METHODS stay_alive
      RAISING zcx_longhaul.

    "! Whether nothing was written for so long that somebody may have taken it unnoticed
    METHODS is_silent
      RETURNING VALUE(is_silent) TYPE abap_bool.

    "! Not this stream's any more; what is kept stays for whoever comes back
    METHODS leave
      RAISING zcx_longhaul.

    "! Forgets it altogether, if it is this stream's
    METHODS free
      RAISING zcx_longhaul.

    "! It is none of this stream's affair any more, so that not even a cancel means it
    METHODS give_away.

    "! Whether it says that the operation is not this stream's
    CLASS-METHODS is_about_owner
      IMPORTING error                 TYPE REF TO zcx_longhaul
      RETURNING VALUE(is_about_owner) TYPE abap_bool.

  PRIVATE SECTION.
    DATA store TYPE REF TO zif_longhaul_store.
    DATA clock TYPE REF TO zif_longhaul_clock.
    DATA settings TYPE zcl_longhaul_config=>settings.
    "! Stands for this stream in the store
    DATA session TYPE zlonghaul_oper-session_id.
    DATA saved_at TYPE zif_longhaul=>milliseconds.
    "! When this stream last wrote the row
    DATA written_at TYPE zif_longhaul=>milliseconds.

    METHODS expires
      RETURNING VALUE(expires) TYPE zif_longhaul=>milliseconds.
    "! What has become of an operation that this stream does not have, or not any more
    METHODS not_mine
      RETURNING VALUE(exception) TYPE REF TO zcx_longhaul
      RAISING   zcx_longhaul.
ENDCLASS.



CLASS zcl_longhaul_lease IMPLEMENTATION.


  METHOD attach.
    DATA(attached) = store->attach( opid    = record-opid
                                    session = session
                                    now     = clock->now( )
                                    expires = expires( ) ).
    IF attached IS INITIAL OR attached-status = zif_longhaul_store=>statuses-expired.
      RAISE EXCEPTION not_mine( ).
    ENDIF.
    record = attached.
  ENDMETHOD.


  METHOD chunk.
    chunk = store->chunk( opid = record-opid
                          seq  = seq ).
    IF chunk-seq = 0.
      RAISE EXCEPTION not_mine( ).
    ENDIF.
  ENDMETHOD.


  METHOD constructor.
    me->record = record.
    me->store = store.
    me->clock = clock.
    settings = zcl_longhaul_config=>current( ).
    session = zcl_longhaul_codec=>unique( ).
  ENDMETHOD.


  METHOD create.
    record-session_id = session.
    written_at = clock->now( ).
    record-touched = written_at.
    record-expires = expires( ).
    IF store->create( record ) = abap_false.
      DATA(busy) = zcx_longhaul=>busy( `another request with this key comes in` ).
      RAISE EXCEPTION busy.
    ENDIF.
  ENDMETHOD.


  METHOD expires.
    expires = clock->now( ) + settings-ttl_ms.
  ENDMETHOD.


  METHOD failure.
    DATA(outcome) = zcl_longhaul_json_reader=>read( record-outcome_json ).
    error = NEW #( code    = outcome->text_of( `code` )
                   message = outcome->text_of( `message` ) ).
  ENDMETHOD.


  METHOD free.
    store->free( opid    = record-opid
                 session = session ).
  ENDMETHOD.


  METHOD give_away.
    CLEAR record-opid.
  ENDMETHOD.


  METHOD is_about_owner.
    is_about_owner = xsdbool( error->code = zif_longhaul=>code-superseded
      OR error->code = zif_longhaul=>code-resume_mismatch
      OR error->code = zif_longhaul=>code-resume_unknown
      OR error->code = zif_longhaul=>code-resume_expired ).
  ENDMETHOD.


  METHOD is_save_due.
    is_due = xsdbool( clock->now( ) - saved_at >= settings-checkpoint_ms ).
  ENDMETHOD.


  METHOD is_silent.
    is_silent = xsdbool( clock->now( ) - written_at >= settings-watch_ms ).
  ENDMETHOD.


  METHOD leave.
    store->leave( opid    = record-opid
                  session = session
                  now     = clock->now( )
                  expires = expires( ) ).
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


  METHOD note_failure.
    record-status = zif_longhaul_store=>statuses-failed.
    record-outcome_json = |\{"code":{ zcl_longhaul_json=>quote( error->code ) }|
      && |,"message":{ zcl_longhaul_json=>quote( error->message ) }\}|.
  ENDMETHOD.


  METHOD note_item.
    record-item_no = item.
    record-item_tries = tries.
  ENDMETHOD.


  METHOD note_result.
    record-status = zif_longhaul_store=>statuses-done.
    record-sha256 = sha256.
    record-outcome_json = data.
  ENDMETHOD.


  METHOD save.
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
    saved_at = clock->now( ).
    written_at = saved_at.
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
ENDCLASS.
