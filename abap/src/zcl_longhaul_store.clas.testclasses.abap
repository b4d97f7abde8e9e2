"! Writes rows of its own, and takes them away again
CLASS ltcl_store DEFINITION FINAL FOR TESTING RISK LEVEL DANGEROUS DURATION SHORT.
  PRIVATE SECTION.
    CONSTANTS one TYPE zlonghaul_oper-session_id VALUE 'ONE'.
    CONSTANTS other TYPE zlonghaul_oper-session_id VALUE 'OTHER'.
    CONSTANTS user TYPE zlonghaul_oper-uname VALUE 'LONGHAULTEST'.

    DATA store TYPE REF TO zif_longhaul_store.
    DATA record TYPE zlonghaul_oper.

    METHODS setup RAISING cx_static_check.
    METHODS teardown RAISING cx_static_check.
    METHODS gives_what_was_saved FOR TESTING RAISING cx_static_check.
    METHODS refuses_key_twice FOR TESTING RAISING cx_static_check.
    METHODS only_owner_frees_it FOR TESTING RAISING cx_static_check.
    METHODS only_owner_changes_it FOR TESTING RAISING cx_static_check.
    METHODS expired_leaves_its_key FOR TESTING RAISING cx_static_check.
    METHODS forgets_what_is_not_kept FOR TESTING RAISING cx_static_check.
    METHODS released_goes_when_left FOR TESTING RAISING cx_static_check.
    METHODS limits_what_a_user_keeps FOR TESTING RAISING cx_static_check.
    METHODS counts_those_at_work FOR TESTING RAISING cx_static_check.

    METHODS save
      RETURNING VALUE(is_mine) TYPE abap_bool
      RAISING   cx_static_check.
    METHODS leave_it
      RAISING cx_static_check.
ENDCLASS.


CLASS ltcl_store IMPLEMENTATION.

  METHOD setup.
    store = NEW zcl_longhaul_store( ).
    record = VALUE #(
      opid       = zcl_longhaul_codec=>unique( )
      uname      = user
      status     = zif_longhaul_store=>statuses-working
      is_kept    = abap_true
      session_id = one
      touched    = 1000
      expires    = 2000
      plan_json  = `{}` ).
    cl_abap_unit_assert=>assert_true( store->create( record ) ).
  ENDMETHOD.

  METHOD teardown.
    store->free( opid    = record-opid
                 session = store->read( record-opid )-session_id ).
  ENDMETHOD.

  METHOD gives_what_was_saved.
    record-part_count = 1.
    record-byte_count = 3.
    record-state_json = `{"a":"it's"}`.
    record-tail_data = CONV xstring( `FF00` ).
    cl_abap_unit_assert=>assert_true( save( ) ).
    DATA(read) = store->read( record-opid ).
    cl_abap_unit_assert=>assert_equals(
      act = read-state_json
      exp = record-state_json ).
    cl_abap_unit_assert=>assert_equals(
      act = read-tail_data
      exp = record-tail_data ).
    DATA(chunk) = store->chunk( opid = record-opid
                                seq  = 1 ).
    cl_abap_unit_assert=>assert_equals(
      act = chunk-data
      exp = CONV xstring( `010203` ) ).
    cl_abap_unit_assert=>assert_equals(
      act = chunk-offset
      exp = 7 ).
    cl_abap_unit_assert=>assert_equals(
      act = store->chunk( opid = record-opid
                          seq  = 2 )-seq
      exp = 0 ).
    cl_abap_unit_assert=>assert_initial( store->read( 'NOBODY' ) ).
  ENDMETHOD.

  METHOD refuses_key_twice.
    record-session_id = other.
    cl_abap_unit_assert=>assert_false( store->create( record ) ).
    cl_abap_unit_assert=>assert_equals(
      act = store->read( record-opid )-session_id
      exp = one ).
  ENDMETHOD.

  METHOD only_owner_frees_it.
    cl_abap_unit_assert=>assert_false( store->free( record-opid ) ).
    cl_abap_unit_assert=>assert_false( store->free( opid    = record-opid
                                                    session = other ) ).
    cl_abap_unit_assert=>assert_equals(
      act = store->read( record-opid )-session_id
      exp = one ).
    cl_abap_unit_assert=>assert_true( store->free( opid    = record-opid
                                                   session = one ) ).
    cl_abap_unit_assert=>assert_initial( store->read( record-opid ) ).
  ENDMETHOD.

  METHOD only_owner_changes_it.
    DATA(attached) = store->attach( opid    = record-opid
                                    session = other
                                    now     = 1100
                                    expires = 2100 ).
    cl_abap_unit_assert=>assert_equals(
      act = attached-session_id
      exp = other ).
    cl_abap_unit_assert=>assert_false( save( ) ).
    cl_abap_unit_assert=>assert_false( store->mark( opid    = record-opid
                                                    session = one
                                                    item    = 3
                                                    tries   = 2
                                                    now     = 1200
                                                    expires = 2200 ) ).
    leave_it( ).
    cl_abap_unit_assert=>assert_equals(
      act = store->read( record-opid )-session_id
      exp = other ).
    cl_abap_unit_assert=>assert_equals(
      act = store->chunk( opid = record-opid
                          seq  = 1 )-seq
      exp = 0 ).
    cl_abap_unit_assert=>assert_true( store->mark( opid    = record-opid
                                                   session = other
                                                   item    = 3
                                                   tries   = 2
                                                   now     = 1200
                                                   expires = 2200 ) ).
    cl_abap_unit_assert=>assert_equals(
      act = store->read( record-opid )-item_no
      exp = 3 ).
    cl_abap_unit_assert=>assert_equals(
      act = store->read( record-opid )-item_tries
      exp = 2 ).
  ENDMETHOD.

  METHOD expired_leaves_its_key.
    record-tail_data = CONV xstring( `FF00` ).
    record-sha256 = 'ABC'.
    record-item_no = 3.
    save( ).
    store->expire( now    = 2000
                   forget = 0 ).
    cl_abap_unit_assert=>assert_equals(
      act = store->read( record-opid )-status
      exp = zif_longhaul_store=>statuses-working ).
    store->expire( now    = 2001
                   forget = 0 ).
    cl_abap_unit_assert=>assert_equals(
      act = store->read( record-opid )-status
      exp = zif_longhaul_store=>statuses-expired ).
    cl_abap_unit_assert=>assert_equals(
      act = store->chunk( opid = record-opid
                          seq  = 1 )-seq
      exp = 0 ).
    DATA(left) = store->read( record-opid ).
    cl_abap_unit_assert=>assert_initial( left-tail_data ).
    cl_abap_unit_assert=>assert_initial( left-sha256 ).
    cl_abap_unit_assert=>assert_initial( left-item_no ).
    " Whoever still works on it does not bring it back.
    cl_abap_unit_assert=>assert_false( save( ) ).
    store->expire( now    = 3000
                   forget = 3000 ).
    cl_abap_unit_assert=>assert_initial( store->read( record-opid ) ).
  ENDMETHOD.

  METHOD forgets_what_is_not_kept.
    store->free( opid    = record-opid
                 session = one ).
    record-is_kept = abap_false.
    store->create( record ).
    leave_it( ).
    cl_abap_unit_assert=>assert_initial( store->read( record-opid ) ).
  ENDMETHOD.

  METHOD released_goes_when_left.
    store->release( record-opid ).
    cl_abap_unit_assert=>assert_equals(
      act = store->read( record-opid )-session_id
      exp = one ).
    leave_it( ).
    cl_abap_unit_assert=>assert_initial( store->read( record-opid ) ).
  ENDMETHOD.

  METHOD limits_what_a_user_keeps.
    " One that is worked on is no affair of the quota.
    store->limit( user      = user
                  max_count = 0
                  max_bytes = 0
                  now       = 1000 ).
    cl_abap_unit_assert=>assert_equals(
      act = store->read( record-opid )-status
      exp = zif_longhaul_store=>statuses-working ).
    leave_it( ).
    store->limit( user      = user
                  max_count = 1
                  max_bytes = 10
                  now       = 1000 ).
    cl_abap_unit_assert=>assert_equals(
      act = store->read( record-opid )-status
      exp = zif_longhaul_store=>statuses-working ).
    store->limit( user      = user
                  max_count = 0
                  max_bytes = 10
                  now       = 1000 ).
    cl_abap_unit_assert=>assert_equals(
      act = store->read( record-opid )-status
      exp = zif_longhaul_store=>statuses-expired ).
  ENDMETHOD.

  METHOD counts_those_at_work.
    cl_abap_unit_assert=>assert_equals(
      act = store->count_working( user  = user
                                  since = 1000 )
      exp = 1 ).
    cl_abap_unit_assert=>assert_equals(
      act = store->count_working( user  = user
                                  since = 1001 )
      exp = 0 ).
    leave_it( ).
    cl_abap_unit_assert=>assert_equals(
      act = store->count_working( user  = user
                                  since = 0 )
      exp = 0 ).
  ENDMETHOD.

  METHOD save.
    is_mine = store->save(
      operation = record
      chunks    = VALUE #( ( seq    = 1
                             offset = 7
                             data   = CONV xstring( `010203` ) ) ) ).
  ENDMETHOD.

  METHOD leave_it.
    store->leave( opid    = record-opid
                  session = one
                  now     = 1300
                  expires = 2300 ).
  ENDMETHOD.
ENDCLASS.
