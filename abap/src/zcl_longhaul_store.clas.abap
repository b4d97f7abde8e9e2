"! <p class="shorttext synchronized">longhaul: keeps operations in the database</p>
"! Everything is written over a service connection to the standard database and committed there, so
"! that no COMMIT ends the transaction of whoever works in the session, such as a serializer. The row of
"! an operation is changed before its chunks: it is the lock that two sessions meet at. INTO stands before
"! WHERE, since CONNECTION would have to stand behind an INTO that is last.
CLASS zcl_longhaul_store DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_store.

  PRIVATE SECTION.
    METHODS commit_own.
    METHODS undo_own.
    TYPES:
      "! An operation as it was read
      BEGIN OF version,
        opid       TYPE zlonghaul_oper-opid,
        session_id TYPE zlonghaul_oper-session_id,
        touched    TYPE zlonghaul_oper-touched,
        byte_count TYPE zlonghaul_oper-byte_count,
      END OF version,
      versions TYPE STANDARD TABLE OF version WITH EMPTY KEY.

    "! Frees these in the order of their keys, as whoever else does it, so that nobody waits in a circle
    METHODS drop_all
      IMPORTING
        operations TYPE versions
        now        TYPE zlonghaul_oper-touched.
    "! Frees all but the key, unless somebody has touched it since it was read
    METHODS drop
      IMPORTING
        operation TYPE version
        now       TYPE zlonghaul_oper-touched.
    METHODS failed
      IMPORTING previous         TYPE REF TO cx_sy_open_sql_db
      RETURNING VALUE(exception) TYPE REF TO zcx_longhaul.
ENDCLASS.



CLASS zcl_longhaul_store IMPLEMENTATION.


  METHOD commit_own.
    COMMIT CONNECTION r/3*longhaul.
  ENDMETHOD.


  METHOD drop.
    DATA nothing TYPE zlonghaul_oper-tail_data.
    UPDATE zlonghaul_oper CONNECTION r/3*longhaul
      SET status = @zif_longhaul_store=>statuses-expired,
          session_id = @space,
          item_no = 0,
          item_tries = 0,
          part_count = 0,
          byte_count = 0,
          sha256 = @space,
          plan_json = ``,
          state_json = ``,
          tail_data = @nothing,
          outcome_json = ``,
          touched = @now
      WHERE opid = @operation-opid
        AND session_id = @operation-session_id
        AND touched = @operation-touched.
    IF sy-subrc = 0.
      DELETE FROM zlonghaul_part CONNECTION r/3*longhaul WHERE opid = @operation-opid.
    ENDIF.
  ENDMETHOD.


  METHOD drop_all.
    DATA(sorted) = operations.
    SORT sorted BY opid.
    LOOP AT sorted INTO DATA(operation).
      drop( operation = operation
            now       = now ).
    ENDLOOP.
  ENDMETHOD.


  METHOD failed.
    undo_own( ).
    exception = NEW #(
      code     = zif_longhaul=>code-service_exception
      message  = `the database does not keep operations`
      previous = previous ).
  ENDMETHOD.


  METHOD undo_own.
    ROLLBACK CONNECTION r/3*longhaul.
  ENDMETHOD.


  METHOD zif_longhaul_store~attach.
    TRY.
        UPDATE zlonghaul_oper CONNECTION r/3*longhaul
          SET session_id = @session,
              touched = @now,
              expires = @expires
          WHERE opid = @opid.
        SELECT SINGLE * FROM zlonghaul_oper CONNECTION r/3*longhaul
          INTO @operation
          WHERE opid = @opid.
        commit_own( ).
      CATCH cx_sy_open_sql_db INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_store~chunk.
    DATA part TYPE zlonghaul_part.
    TRY.
        SELECT SINGLE * FROM zlonghaul_part CONNECTION r/3*longhaul
          INTO @part
          WHERE opid = @opid
            AND seq_no = @seq.
      CATCH cx_sy_open_sql_db INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
    chunk-seq = part-seq_no.
    chunk-offset = part-offs.
    chunk-data = part-content.
  ENDMETHOD.


  METHOD zif_longhaul_store~count_working.
    TRY.
        SELECT COUNT(*) FROM zlonghaul_oper CONNECTION r/3*longhaul
          INTO @count
          WHERE uname = @user
            AND status = @zif_longhaul_store=>statuses-working
            AND session_id <> @space
            AND touched >= @since.
      CATCH cx_sy_open_sql_db INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_store~create.
    TRY.
        INSERT zlonghaul_oper CONNECTION r/3*longhaul FROM @operation.
        is_new = xsdbool( sy-subrc = 0 ).
        commit_own( ).
      CATCH cx_sy_open_sql_db INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_store~expire.
    DATA over TYPE versions.
    TRY.
        SELECT opid, session_id, touched, byte_count FROM zlonghaul_oper CONNECTION r/3*longhaul
          INTO TABLE @over
          WHERE status <> @zif_longhaul_store=>statuses-expired
            AND expires < @now
          ORDER BY opid.
        drop_all( operations = over
                  now        = now ).
        DELETE FROM zlonghaul_oper CONNECTION r/3*longhaul
          WHERE status = @zif_longhaul_store=>statuses-expired
            AND touched < @forget.
        commit_own( ).
      CATCH cx_sy_open_sql_db INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_store~free.
    TRY.
        DELETE FROM zlonghaul_oper CONNECTION r/3*longhaul
          WHERE opid = @opid
            AND ( session_id = @session OR session_id = @space ).
        is_free = xsdbool( sy-subrc = 0 ).
        IF is_free = abap_true.
          DELETE FROM zlonghaul_part CONNECTION r/3*longhaul WHERE opid = @opid.
        ENDIF.
        commit_own( ).
      CATCH cx_sy_open_sql_db INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_store~leave.
    TRY.
        UPDATE zlonghaul_oper CONNECTION r/3*longhaul
          SET session_id = @space,
              touched = @now,
              expires = @expires
          WHERE opid = @opid
            AND session_id = @session.
        DATA(is_mine) = xsdbool( sy-subrc = 0 ).
        commit_own( ).
        IF is_mine = abap_false.
          RETURN.
        ENDIF.
        DATA(operation) = zif_longhaul_store~read( opid ).
        IF operation-is_released = abap_true OR operation-is_kept = abap_false.
          zif_longhaul_store~free( opid ).
        ENDIF.
      CATCH cx_sy_open_sql_db INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_store~limit.
    DATA kept TYPE versions.
    DATA too_many TYPE versions.
    DATA count TYPE i.
    DATA bytes TYPE int8.
    TRY.
        SELECT opid, session_id, touched, byte_count FROM zlonghaul_oper CONNECTION r/3*longhaul
          INTO TABLE @kept
          WHERE uname = @user
            AND status <> @zif_longhaul_store=>statuses-expired
            AND session_id = @space
          ORDER BY touched DESCENDING.
        LOOP AT kept INTO DATA(operation).
          count = count + 1.
          bytes = bytes + operation-byte_count.
          IF count > max_count OR bytes > max_bytes.
            APPEND operation TO too_many.
          ENDIF.
        ENDLOOP.
        drop_all( operations = too_many
                  now        = now ).
        commit_own( ).
      CATCH cx_sy_open_sql_db INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_store~mark.
    TRY.
        UPDATE zlonghaul_oper CONNECTION r/3*longhaul
          SET item_no = @item,
              item_tries = @tries,
              touched = @now,
              expires = @expires
          WHERE opid = @opid
            AND session_id = @session.
        is_mine = xsdbool( sy-subrc = 0 ).
        commit_own( ).
      CATCH cx_sy_open_sql_db INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_store~read.
    TRY.
        SELECT SINGLE * FROM zlonghaul_oper CONNECTION r/3*longhaul
          INTO @operation
          WHERE opid = @opid.
      CATCH cx_sy_open_sql_db INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_store~release.
    TRY.
        UPDATE zlonghaul_oper CONNECTION r/3*longhaul
          SET is_released = @abap_true
          WHERE opid = @opid.
        commit_own( ).
      CATCH cx_sy_open_sql_db INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.


  METHOD zif_longhaul_store~save.
    DATA parts TYPE STANDARD TABLE OF zlonghaul_part WITH EMPTY KEY.
    TRY.
        UPDATE zlonghaul_oper CONNECTION r/3*longhaul
          SET status = @operation-status,
              item_no = @operation-item_no,
              item_tries = @operation-item_tries,
              part_count = @operation-part_count,
              byte_count = @operation-byte_count,
              sha256 = @operation-sha256,
              tail_data = @operation-tail_data,
              state_json = @operation-state_json,
              outcome_json = @operation-outcome_json,
              touched = @operation-touched,
              expires = @operation-expires
          WHERE opid = @operation-opid
            AND session_id = @operation-session_id.
        IF sy-subrc <> 0.
          undo_own( ).
          RETURN.
        ENDIF.
        is_mine = abap_true.
        LOOP AT chunks INTO DATA(chunk).
          APPEND VALUE #( opid    = operation-opid
                          seq_no  = chunk-seq
                          offs    = chunk-offset
                          content = chunk-data ) TO parts.
        ENDLOOP.
        INSERT zlonghaul_part CONNECTION r/3*longhaul FROM TABLE @parts.
        commit_own( ).
      CATCH cx_sy_open_sql_db INTO DATA(cause).
        RAISE EXCEPTION failed( cause ).
    ENDTRY.
  ENDMETHOD.
ENDCLASS.
