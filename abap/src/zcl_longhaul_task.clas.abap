"! <p class="shorttext synchronized">longhaul: the work that one stream does</p>
"! Does one item of the operation after the other, and keeps state and chunks, so that another session can go
"! on. An item that sessions did not come back from is tried again, and then left out.
CLASS zcl_longhaul_task DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    "! So many sessions may be lost with an item before it is left out
    CONSTANTS max_tries TYPE i VALUE 2.

    "! sink takes what the operation gives, and puts it into payload
    METHODS constructor
      IMPORTING
        operation TYPE REF TO zif_longhaul_operation
        payload   TYPE REF TO zcl_longhaul_payload
        lease     TYPE REF TO zcl_longhaul_lease
        sink      TYPE REF TO zif_longhaul_sink.

    "! Goes on where the one before was, with the digest of all chunks that are kept, if there is work left
    METHODS restore
      IMPORTING digest TYPE zcl_longhaul_codec=>hash
      RAISING   zcx_longhaul.

    METHODS is_whole
      RETURNING VALUE(is_whole) TYPE abap_bool.

    METHODS do_item
      RAISING zcx_longhaul.

    "! Once whole: the end of the payload, and the result, if it is asked for
    METHODS conclude
      IMPORTING has_result TYPE abap_bool
      RAISING   zcx_longhaul.

    "! It has failed, and this is kept as a result would be
    METHODS fail
      IMPORTING error TYPE REF TO zcx_longhaul
      RAISING   zcx_longhaul.

    METHODS save
      RAISING zcx_longhaul.

    "! Saves where there is something new, or it is time to; else says at least that it is alive
    METHODS save_if_due
      RAISING zcx_longhaul.
    METHODS stay_alive
      RAISING zcx_longhaul.

  PRIVATE SECTION.
    DATA operation TYPE REF TO zif_longhaul_operation.
    DATA payload TYPE REF TO zcl_longhaul_payload.
    DATA lease TYPE REF TO zcl_longhaul_lease.
    DATA sink TYPE REF TO zif_longhaul_sink.
    "! The item that earlier sessions did not come back from, 0 for none, and how many of them. One may be
    "! at work still, on a connection that is gone
    DATA suspect TYPE i.
    DATA suspect_tries TYPE i.

    "! No item is worked on; one that earlier sessions did not come back from is not forgotten before it
    "! is done
    METHODS unmark.
ENDCLASS.



CLASS zcl_longhaul_task IMPLEMENTATION.


  METHOD conclude.
    operation->finish( sink ).
    payload->close( ).
    lease->note_result( sha256 = payload->sha256( )
                        data   = COND #( WHEN has_result = abap_true THEN operation->result( ) ) ).
  ENDMETHOD.


  METHOD constructor.
    me->operation = operation.
    me->payload = payload.
    me->lease = lease.
    me->sink = sink.
  ENDMETHOD.


  METHOD do_item.
    DATA(item) = operation->done( ) + 1.
    IF item = suspect.
      IF suspect_tries >= max_tries.
        operation->skip( sink ).
        " So that the next item which does this is not met with this one before it.
        save( ).
        RETURN.
      ENDIF.
      " Nothing before it is to be done once more, should it end this session, too.
      save( ).
    ENDIF.
    IF lease->record-is_kept = abap_true.
      " Known to the database before the work begins: a message of type A, E or X in there ends the session,
      " and whoever goes on then knows which item it was.
      lease->note_item( item  = item
                        tries = COND #( WHEN item = suspect THEN suspect_tries + 1 ELSE 1 ) ).
      lease->stay_alive( ).
    ENDIF.
    operation->step( sink ).
  ENDMETHOD.


  METHOD fail.
    lease->note_failure( error ).
    save( ).
  ENDMETHOD.


  METHOD is_whole.
    is_whole = xsdbool( operation->done( ) >= operation->total( ) ).
  ENDMETHOD.


  METHOD restore.
    DATA(record) = lease->record.
    IF record-status <> zif_longhaul_store=>statuses-working.
      payload->restore( chunks    = record-part_count
                        cut_bytes = record-byte_count
                        tail      = VALUE #( )
                        sha256    = CONV #( record-sha256 ) ).
      RETURN.
    ENDIF.
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
  ENDMETHOD.


  METHOD save.
    unmark( ).
    lease->save( operation = operation
                 payload   = payload ).
    payload->thin_out( zcl_longhaul_config=>current( )-max_held_chunks ).
  ENDMETHOD.


  METHOD save_if_due.
    IF lease->record-is_kept = abap_true
        AND ( lease->record-status <> zif_longhaul_store=>statuses-working
        OR payload->chunks > lease->record-part_count
        OR lease->is_save_due( ) = abap_true ).
      save( ).
    ELSE.
      stay_alive( ).
    ENDIF.
  ENDMETHOD.


  METHOD stay_alive.
    unmark( ).
    lease->stay_alive( ).
  ENDMETHOD.


  METHOD unmark.
    IF suspect > operation->done( ).
      lease->note_item( item  = suspect
                        tries = suspect_tries ).
    ELSE.
      lease->note_item( item  = 0
                        tries = 0 ).
    ENDIF.
  ENDMETHOD.
ENDCLASS.
