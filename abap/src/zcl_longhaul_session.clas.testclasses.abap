"! Takes what is sent, and remembers when the session wants to be woken
CLASS ltcl_connection DEFINITION FINAL FOR TESTING.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_connection.
    CONSTANTS never TYPE i VALUE -1.
    DATA texts TYPE string_table READ-ONLY.
    DATA messages TYPE i READ-ONLY.
    DATA wakes_after TYPE i VALUE never READ-ONLY.
    "! How many messages still go out before the connection is gone
    DATA sends_left TYPE i VALUE never.
    METHODS constructor
      IMPORTING user TYPE string.
    "! Whether it wants to be woken now; a timer rings once
    METHODS rings
      RETURNING VALUE(rings) TYPE abap_bool.
    METHODS forget.
    "! Whether a text with this in it was sent
    METHODS has_sent
      IMPORTING part            TYPE string
      RETURNING VALUE(has_sent) TYPE abap_bool.
    METHODS count_sent
      IMPORTING part         TYPE string
      RETURNING VALUE(times) TYPE i.
    METHODS last
      RETURNING VALUE(text) TYPE string.
    "! What the chunks hold that were sent as texts
    METHODS payload
      RETURNING VALUE(payload) TYPE xstring
      RAISING   cx_static_check.
  PRIVATE SECTION.
    DATA name TYPE string.
    METHODS count_down
      RAISING zcx_longhaul_lost.
ENDCLASS.


CLASS ltcl_connection IMPLEMENTATION.

  METHOD count_down.
    IF sends_left = 0.
      RAISE EXCEPTION TYPE zcx_longhaul_lost.
    ENDIF.
    IF sends_left > 0.
      sends_left = sends_left - 1.
    ENDIF.
  ENDMETHOD.

  METHOD payload.
    DATA parts TYPE zcl_longhaul_codec=>byte_parts.
    LOOP AT texts INTO DATA(text).
      DATA(frame) = zcl_longhaul_json_reader=>read( text ).
      IF frame->text_of( `type` ) = `chunk`.
        APPEND zcl_longhaul_codec=>from_base64( frame->text_of( `data` ) ) TO parts.
      ENDIF.
    ENDLOOP.
    payload = zcl_longhaul_codec=>join( parts ).
  ENDMETHOD.

  METHOD constructor.
    name = user.
  ENDMETHOD.

  METHOD zif_longhaul_connection~send_text.
    count_down( ).
    APPEND text TO texts.
  ENDMETHOD.

  METHOD zif_longhaul_connection~send_binary.
    count_down( ).
    messages = messages + 1.
    cl_abap_unit_assert=>assert_true( xsdbool( xstrlen( bytes ) >= 32 ) ).
  ENDMETHOD.

  METHOD zif_longhaul_connection~wake.
    wakes_after = after_ms.
  ENDMETHOD.

  METHOD zif_longhaul_connection~user.
    user = name.
  ENDMETHOD.

  METHOD rings.
    rings = xsdbool( wakes_after = 1 ).
    wakes_after = never.
  ENDMETHOD.

  METHOD forget.
    CLEAR texts.
    CLEAR messages.
  ENDMETHOD.

  METHOD has_sent.
    has_sent = xsdbool( count_sent( part ) > 0 ).
  ENDMETHOD.

  METHOD count_sent.
    LOOP AT texts INTO DATA(text).
      IF text CS part.
        times = times + 1.
      ENDIF.
    ENDLOOP.
  ENDMETHOD.

  METHOD last.
    IF texts IS NOT INITIAL.
      text = texts[ lines( texts ) ].
    ENDIF.
  ENDMETHOD.
ENDCLASS.


"! A clock that goes on by a millisecond whenever it is looked at
CLASS ltcl_clock DEFINITION FINAL FOR TESTING.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_clock.
    METHODS constructor.
    METHODS go_on
      IMPORTING milliseconds TYPE zif_longhaul=>milliseconds.
  PRIVATE SECTION.
    DATA time TYPE zif_longhaul=>milliseconds.
ENDCLASS.


CLASS ltcl_clock IMPLEMENTATION.

  METHOD constructor.
    time = 1600000000000.
  ENDMETHOD.

  METHOD go_on.
    time = time + milliseconds.
  ENDMETHOD.

  METHOD zif_longhaul_clock~now.
    time = time + 1.
    now = time.
  ENDMETHOD.

  METHOD zif_longhaul_clock~timestamp.
    timestamp = `20261120T120000`.
  ENDMETHOD.
ENDCLASS.


"! What no method declares that raises it
CLASS lcx_unforeseen DEFINITION INHERITING FROM cx_no_check FINAL CREATE PUBLIC.
ENDCLASS.


CLASS lcx_unforeseen IMPLEMENTATION.
ENDCLASS.


"! Comes by while an object is worked on
INTERFACE lif_visitor.
  METHODS come.
ENDINTERFACE.


"! Three classes in one package
CLASS ltcl_system DEFINITION FINAL FOR TESTING.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_catalog.
    INTERFACES zif_longhaul_authority.
    INTERFACES zif_longhaul_serializer.
    INTERFACES zif_longhaul_checker.
    "! How often an object was serialized
    DATA serialized TYPE i READ-ONLY.
    DATA failing TYPE tadir-obj_name.
    "! Fails in a way that is not declared
    DATA raising TYPE tadir-obj_name.
    "! In which languages objects were serialized, one character each
    DATA languages TYPE string READ-ONLY.
    DATA forbidden TYPE tadir-obj_name.
    "! Ends the session that works on it
    DATA fatal TYPE tadir-obj_name.
    "! Whether it has; nothing that is done after that counts
    DATA has_ended_session TYPE abap_bool.
    DATA is_missing TYPE abap_bool.
    "! Whoever comes by once, while this one is worked on
    DATA visited TYPE tadir-obj_name.
    DATA visitor TYPE REF TO lif_visitor.
ENDCLASS.


CLASS ltcl_system IMPLEMENTATION.

  METHOD zif_longhaul_catalog~find.
    object = VALUE #( type    = type
                      name    = name
                      package = '$DEMO' ).
  ENDMETHOD.

  METHOD zif_longhaul_catalog~has_package.
    has_package = xsdbool( name = '$DEMO' ).
  ENDMETHOD.

  METHOD zif_longhaul_catalog~objects_of.
    objects = VALUE #(
      ( type    = 'CLAS'
        name    = 'ZCL_A'
        package = package )
      ( type    = 'CLAS'
        name    = 'ZCL_B'
        package = package )
      ( type    = 'CLAS'
        name    = 'ZCL_C'
        package = package ) ).
  ENDMETHOD.

  METHOD zif_longhaul_catalog~subpackages.
    CLEAR names.
  ENDMETHOD.

  METHOD zif_longhaul_authority~may_read.
    may_read = xsdbool( object-name <> forbidden ).
  ENDMETHOD.

  METHOD zif_longhaul_serializer~check_available.
    IF is_missing = abap_true.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-not_available
          message = `there is no abapGit`.
    ENDIF.
  ENDMETHOD.

  METHOD zif_longhaul_serializer~serialize.
    serialized = serialized + 1.
    languages = languages && language.
    IF object-name = raising.
      RAISE EXCEPTION TYPE lcx_unforeseen.
    ENDIF.
    IF object-name = visited.
      CLEAR visited.
      visitor->come( ).
    ENDIF.
    IF object-name = fatal.
      has_ended_session = abap_true.
    ENDIF.
    IF object-name = failing.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-git_error
          message = `it is locked`.
    ENDIF.
    " Something that does not compress to nothing.
    DATA(source) = |CLASS { object-name }|.
    DO 6 TIMES.
      source = source && zcl_longhaul_codec=>sha256( zcl_longhaul_codec=>to_utf8( source ) ).
    ENDDO.
    files = VALUE #( ( name = |{ to_lower( object-name ) }.clas.abap|
                       data = zcl_longhaul_codec=>to_utf8( source ) ) ).
  ENDMETHOD.

  METHOD zif_longhaul_serializer~types.
    types = VALUE #( ( `PROG` ) ( `CLAS` ) ).
  ENDMETHOD.

  METHOD zif_longhaul_checker~check.
    IF object-name = raising.
      RAISE EXCEPTION TYPE lcx_unforeseen.
    ENDIF.
    IF object-name = failing.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-not_available
          message = `nothing checks it`.
    ENDIF.
    IF object-name = 'ZCL_B'.
      findings = VALUE #( ( priority = 2
                            line     = 12
                            check    = `todo`
                            message  = `comment says "TODO"` ) ).
    ENDIF.
  ENDMETHOD.
ENDCLASS.


"! Keeps operations in memory, as the database would
CLASS ltcl_store DEFINITION FINAL FOR TESTING.
  PUBLIC SECTION.
    INTERFACES zif_longhaul_store.
    DATA operations TYPE SORTED TABLE OF zlonghaul_oper WITH UNIQUE KEY opid READ-ONLY.
    "! Whether the database fails
    DATA is_broken TYPE abap_bool.
    METHODS constructor
      IMPORTING system TYPE REF TO ltcl_system.
    "! As if a session had come to this item, and not back, after others that did not either
    METHODS leave_item
      IMPORTING
        item  TYPE i
        tries TYPE i DEFAULT 1.
    METHODS change_state
      IMPORTING
        from TYPE string
        to   TYPE string.
  PRIVATE SECTION.
    TYPES:
      BEGIN OF part,
        opid  TYPE zlonghaul_oper-opid,
        chunk TYPE zif_longhaul=>slice,
      END OF part.
    DATA parts TYPE STANDARD TABLE OF part WITH EMPTY KEY.
    DATA system TYPE REF TO ltcl_system.
    METHODS fail_if_broken
      RAISING zcx_longhaul.
ENDCLASS.


CLASS ltcl_store IMPLEMENTATION.

  METHOD constructor.
    me->system = system.
  ENDMETHOD.

  METHOD fail_if_broken.
    IF is_broken = abap_true.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-service_exception
          message = `the database does not keep operations`.
    ENDIF.
  ENDMETHOD.

  METHOD leave_item.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>).
      <operation>-item_no = item.
      <operation>-item_tries = tries.
    ENDLOOP.
  ENDMETHOD.

  METHOD change_state.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>).
      <operation>-state_json = replace( val  = <operation>-state_json
                                        sub  = from
                                        with = to ).
    ENDLOOP.
  ENDMETHOD.

  METHOD zif_longhaul_store~create.
    fail_if_broken( ).
    INSERT operation INTO TABLE operations.
    is_new = xsdbool( sy-subrc = 0 ).
  ENDMETHOD.

  METHOD zif_longhaul_store~read.
    fail_if_broken( ).
    operation = VALUE #( operations[ opid = opid ] OPTIONAL ).
  ENDMETHOD.

  METHOD zif_longhaul_store~attach.
    fail_if_broken( ).
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>) WHERE opid = opid.
      <operation>-session_id = session.
      <operation>-touched = now.
      <operation>-expires = expires.
      operation = <operation>.
    ENDLOOP.
  ENDMETHOD.

  METHOD zif_longhaul_store~save.
    fail_if_broken( ).
    IF system->has_ended_session = abap_true.
      is_mine = abap_true.
      RETURN.
    ENDIF.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>)
        WHERE opid = operation-opid AND session_id = operation-session_id.
      DATA(is_released) = <operation>-is_released.
      <operation> = operation.
      <operation>-is_released = is_released.
      is_mine = abap_true.
      LOOP AT chunks INTO DATA(chunk).
        APPEND VALUE #( opid  = operation-opid
                        chunk = chunk ) TO parts.
      ENDLOOP.
    ENDLOOP.
  ENDMETHOD.

  METHOD zif_longhaul_store~mark.
    fail_if_broken( ).
    IF system->has_ended_session = abap_true.
      is_mine = abap_true.
      RETURN.
    ENDIF.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>) WHERE opid = opid AND session_id = session.
      <operation>-item_no = item.
      <operation>-item_tries = tries.
      <operation>-touched = now.
      <operation>-expires = expires.
      is_mine = abap_true.
    ENDLOOP.
  ENDMETHOD.

  METHOD zif_longhaul_store~leave.
    fail_if_broken( ).
    IF system->has_ended_session = abap_true.
      RETURN.
    ENDIF.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>) WHERE opid = opid AND session_id = session.
      CLEAR <operation>-session_id.
      <operation>-touched = now.
      <operation>-expires = expires.
      DATA(is_gone) = xsdbool( <operation>-is_released = abap_true OR <operation>-is_kept = abap_false ).
    ENDLOOP.
    IF is_gone = abap_true.
      zif_longhaul_store~free( opid ).
    ENDIF.
  ENDMETHOD.

  METHOD zif_longhaul_store~chunk.
    fail_if_broken( ).
    LOOP AT parts INTO DATA(part) WHERE opid = opid.
      IF part-chunk-seq = seq.
        chunk = part-chunk.
      ENDIF.
    ENDLOOP.
  ENDMETHOD.

  METHOD zif_longhaul_store~free.
    fail_if_broken( ).
    DELETE operations WHERE opid = opid AND ( session_id = session OR session_id IS INITIAL ).
    is_free = xsdbool( sy-subrc = 0 ).
    IF is_free = abap_true.
      DELETE parts WHERE opid = opid.
    ENDIF.
  ENDMETHOD.

  METHOD zif_longhaul_store~release.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>) WHERE opid = opid.
      <operation>-is_released = abap_true.
    ENDLOOP.
  ENDMETHOD.

  METHOD zif_longhaul_store~expire.
    LOOP AT operations ASSIGNING FIELD-SYMBOL(<operation>) WHERE expires < now.
      <operation>-status = zif_longhaul_store=>statuses-expired.
      CLEAR <operation>-session_id.
    ENDLOOP.
    DELETE operations WHERE status = zif_longhaul_store=>statuses-expired AND touched < forget.
  ENDMETHOD.

  METHOD zif_longhaul_store~limit.
    cl_abap_unit_assert=>assert_true( xsdbool( max_count > 0 AND max_bytes > 0 AND now > 0 AND user IS NOT INITIAL ) ).
  ENDMETHOD.

  METHOD zif_longhaul_store~count_working.
    LOOP AT operations INTO DATA(operation)
        WHERE uname = user AND status = zif_longhaul_store=>statuses-working.
      IF operation-session_id IS NOT INITIAL AND operation-touched >= since.
        count = count + 1.
      ENDIF.
    ENDLOOP.
  ENDMETHOD.
ENDCLASS.


CLASS ltcl_session DEFINITION FINAL FOR TESTING RISK LEVEL HARMLESS DURATION SHORT.
  PUBLIC SECTION.
    INTERFACES lif_visitor.

  PRIVATE SECTION.
    CONSTANTS key TYPE string VALUE `Wc3nP0wq7ZbE4m_Xk2TtRA`.
    CONSTANTS digest_of_nothing TYPE string
      VALUE `e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`.

    DATA connection TYPE REF TO ltcl_connection.
    DATA clock TYPE REF TO ltcl_clock.
    DATA system TYPE REF TO ltcl_system.
    DATA store TYPE REF TO ltcl_store.
    DATA session TYPE REF TO zcl_longhaul_session.
    DATA settings TYPE zcl_longhaul_config=>settings.
    "! What the one that came by was sent
    DATA second TYPE REF TO ltcl_connection.

    METHODS setup RAISING cx_static_check.
    METHODS teardown.
    METHODS greets FOR TESTING RAISING cx_static_check.
    METHODS answers_what_is_light FOR TESTING RAISING cx_static_check.
    METHODS streams_in_order FOR TESTING RAISING cx_static_check.
    METHODS streams_bytes FOR TESTING RAISING cx_static_check.
    METHODS answers_once FOR TESTING RAISING cx_static_check.
    METHODS keeps_to_credit FOR TESTING RAISING cx_static_check.
    METHODS holds_back_without_credit FOR TESTING RAISING cx_static_check.
    METHODS cancels_between_slices FOR TESTING RAISING cx_static_check.
    METHODS cancel_frees_what_has_ended FOR TESTING RAISING cx_static_check.
    METHODS cancels_only_what_it_has FOR TESTING RAISING cx_static_check.
    METHODS says_when_it_is_gone FOR TESTING RAISING cx_static_check.
    METHODS streams_take_turns FOR TESTING RAISING cx_static_check.
    METHODS is_busy_beyond_its_limits FOR TESTING RAISING cx_static_check.
    METHODS gone_sessions_do_not_count FOR TESTING RAISING cx_static_check.
    METHODS id_in_use_is_refused FOR TESTING RAISING cx_static_check.
    METHODS names_what_it_leaves_out FOR TESTING RAISING cx_static_check.
    METHODS leaves_out_what_raises FOR TESTING RAISING cx_static_check.
    METHODS needs_abapgit_for_exports FOR TESTING RAISING cx_static_check.
    METHODS sends_records_at_once FOR TESTING RAISING cx_static_check.
    METHODS counts_what_it_checks FOR TESTING RAISING cx_static_check.
    METHODS goes_on_after_a_cut FOR TESTING RAISING cx_static_check.
    METHODS goes_on_after_a_failed_send FOR TESTING RAISING cx_static_check.
    METHODS lists_no_more_than_its_limit FOR TESTING RAISING cx_static_check.
    METHODS keeps_its_language FOR TESTING RAISING cx_static_check.
    METHODS gives_complete_alone FOR TESTING RAISING cx_static_check.
    METHODS checks_what_a_client_has FOR TESTING RAISING cx_static_check.
    METHODS skips_what_ended_a_session FOR TESTING RAISING cx_static_check.
    METHODS tries_again_what_is_at_work FOR TESTING RAISING cx_static_check.
    METHODS takes_over_a_busy_session FOR TESTING RAISING cx_static_check.
    METHODS failure_after_takeover FOR TESTING RAISING cx_static_check.
    METHODS counts_sessions_that_ended FOR TESTING RAISING cx_static_check.
    METHODS latest_resume_wins FOR TESTING RAISING cx_static_check.
    METHODS notices_while_it_sends FOR TESTING RAISING cx_static_check.
    METHODS lives_without_credit FOR TESTING RAISING cx_static_check.
    METHODS remembers_what_expired FOR TESTING RAISING cx_static_check.
    METHODS released_operation_ends FOR TESTING RAISING cx_static_check.
    METHODS keeps_nothing_else FOR TESTING RAISING cx_static_check.
    METHODS survives_its_database FOR TESTING RAISING cx_static_check.
    METHODS completes_without_database FOR TESTING RAISING cx_static_check.
    METHODS cancels_without_database FOR TESTING RAISING cx_static_check.

    METHODS connect
      IMPORTING user TYPE string DEFAULT `ME`
      RAISING   cx_static_check.
    METHODS hear
      IMPORTING text TYPE string
      RAISING   cx_static_check.
    "! Wakes the session as long as it wants to be, but not for ever
    METHODS run
      IMPORTING times TYPE i DEFAULT 200
      RAISING   cx_static_check.
    METHODS export
      IMPORTING
        id          TYPE string DEFAULT `a`
        more        TYPE string DEFAULT ``
          PREFERRED PARAMETER id
      RETURNING
        VALUE(text) TYPE string.
    METHODS resume
      IMPORTING
        next        TYPE i
        offset      TYPE i
        sha256      TYPE string
      RETURNING
        VALUE(text) TYPE string.
    METHODS assert_sent
      IMPORTING part TYPE string.
ENDCLASS.


CLASS ltcl_session IMPLEMENTATION.

  METHOD setup.
    settings = zcl_longhaul_config=>current( ).
    " The clock goes on whenever it is looked at, so a slice is one object or one chunk.
    settings-slice_ms = 1.
    zcl_longhaul_config=>change( settings ).
    clock = NEW #( ).
    system = NEW #( ).
    store = NEW #( system ).
    connect( ).
    connection->forget( ).
  ENDMETHOD.

  METHOD teardown.
    zcl_longhaul_config=>change( VALUE #( ) ).
  ENDMETHOD.

  METHOD connect.
    connection = NEW #( user ).
    session = NEW #(
      connection = connection
      registry   = NEW zcl_longhaul_registry(
        catalog    = system
        authority  = system
        serializer = system
        checker    = system
        clock      = clock )
      store      = store
      clock      = clock ).
    session->start( ).
  ENDMETHOD.

  METHOD greets.
    connect( ).
    assert_sent( `{"id":"welcome","success":true,"data":{"session":"` ).
    assert_sent( `"domains":["git","atc","system"],"features":["stream","checksum","cancel","credit","resume"`
      && `,"binary"]` ).
    assert_sent( `"limits":{"maxChunk":1048576,"maxWindow":64,"maxTransfers":4,"minPingInterval":10000}}}` ).
  ENDMETHOD.

  METHOD answers_what_is_light.
    hear( `{"id":"p","domain":"system","action":"ping"}` ).
    cl_abap_unit_assert=>assert_equals(
      act = connection->last( )
      exp = `{"id":"p","success":true,"data":{"pong":true,"timestamp":"20261120T120000"}}` ).
    hear( `{"id":"t","domain":"git","action":"getTypes"}` ).
    cl_abap_unit_assert=>assert_equals(
      act = connection->last( )
      exp = `{"id":"t","success":true,"data":{"count":2,"types":["CLAS","PROG"]}}` ).
    hear( `{"id":"l","domain":"git","action":"list","params":{"packages":["$DEMO"]}}` ).
    assert_sent( `"count":3,"objects":[{"type":"CLAS","name":"ZCL_A","package":"$DEMO"}` ).
    settings-max_listed = 2.
    zcl_longhaul_config=>change( settings ).
    hear( `{"id":"m","domain":"git","action":"list","params":{"packages":["$DEMO"]}}` ).
    assert_sent( `{"id":"m","success":false,"error":{"code":"GIT_ERROR"` ).
    hear( `nonsense` ).
    assert_sent( `{"id":"unknown","success":false,"error":{"code":"PARSE_ERROR"` ).
    session->handle_unreadable( ).
    assert_sent( `request is no text` ).
    " Nothing is under way, so nothing wakes it.
    cl_abap_unit_assert=>assert_equals(
      act = connection->wakes_after
      exp = ltcl_connection=>never ).
  ENDMETHOD.

  METHOD streams_in_order.
    hear( export( more = `,"features":["checksum"]` ) ).
    cl_abap_unit_assert=>assert_initial( connection->texts ).
    run( ).
    assert_sent( `{"id":"a","type":"progress","done":0,"total":3,"message":"CLAS ZCL_A"}` ).
    assert_sent( `{"id":"a","type":"chunk","seq":1,"data":"UEsDB` ).
    assert_sent( `"offset":200,"crc32":"` ).
    assert_sent( `{"id":"a","type":"progress","done":3,"total":3,"message":""}` ).
    cl_abap_unit_assert=>assert_char_cp(
      act = connection->last( )
      exp = `{"id":"a","type":"complete","success":true,"totalChunks":+,"size":*`
        && `,"sha256":"*"data":{"objectCount":3,*` ).
    assert_sent( `"fileCount":3,"files":[{"path":"src/$demo/zcl_a.clas.abap","size":395}` ).
    assert_sent( `"skipped":[]}}` ).
    " There is nothing of it left.
    cl_abap_unit_assert=>assert_initial( store->operations ).
  ENDMETHOD.

  METHOD streams_bytes.
    hear( export( more = `,"features":["binary"]` ) ).
    run( ).
    assert_sent( `{"id":"a","type":"accepted","chunkSize":200,"alias":1}` ).
    cl_abap_unit_assert=>assert_true( xsdbool( connection->messages > 1 ) ).
    cl_abap_unit_assert=>assert_false( connection->has_sent( `"type":"chunk"` ) ).
    " An alias is never used again.
    hear( export( more = `,"features":["binary"]` ) ).
    run( ).
    assert_sent( `"alias":2}` ).
  ENDMETHOD.

  METHOD answers_once.
    hear( `{"id":"a","domain":"git","action":"export","params":{"packages":["$DEMO"]}}` ).
    run( ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( connection->texts )
      exp = 1 ).
    assert_sent( `{"id":"a","success":true,"data":{"objectCount":3,"fileCount":3,"zipBase64":"UEsDB` ).
  ENDMETHOD.

  METHOD keeps_to_credit.
    hear( export( more = `,"features":["credit"],"window":2` ) ).
    run( ).
    cl_abap_unit_assert=>assert_equals(
      act = connection->count_sent( `"type":"chunk"` )
      exp = 2 ).
    hear( `{"id":"c","domain":"stream","action":"credit","params":{"target":"a","upTo":3}}` ).
    run( ).
    cl_abap_unit_assert=>assert_equals(
      act = connection->count_sent( `"type":"chunk"` )
      exp = 3 ).
    " Less than before changes nothing, and neither does a grant for nobody.
    hear( `{"id":"d","domain":"stream","action":"credit","params":{"target":"a","upTo":1}}` ).
    hear( `{"id":"e","domain":"stream","action":"credit","params":{"target":"z","upTo":9}}` ).
    assert_sent( `{"id":"e","success":true}` ).
    run( ).
    cl_abap_unit_assert=>assert_false( connection->has_sent( `"type":"complete"` ) ).
    hear( `{"id":"f","domain":"stream","action":"credit","params":{"target":"a","upTo":18446744073709551615}}` ).
    run( ).
    assert_sent( `"type":"complete"` ).
  ENDMETHOD.

  METHOD holds_back_without_credit.
    " Nothing is kept, so what the client does not take stays in memory, up to a bound.
    settings-max_held_chunks = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( more = `,"features":["credit"],"window":1` ) ).
    run( ).
    cl_abap_unit_assert=>assert_true( xsdbool( system->serialized < 3 ) ).
    hear( `{"id":"c","domain":"stream","action":"credit","params":{"target":"a","upTo":99}}` ).
    run( ).
    assert_sent( `"type":"complete"` ).
    cl_abap_unit_assert=>assert_equals(
      act = system->serialized
      exp = 3 ).
  ENDMETHOD.

  METHOD cancels_between_slices.
    hear( export( more = |,"features":["cancel","resume"],"operation":"{ key }"| ) ).
    run( 3 ).
    hear( `{"id":"c","domain":"stream","action":"cancel","params":{"target":"a"}}` ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"CANCELLED"`
      && `,"message":"cancelled by the client"}}` ).
    cl_abap_unit_assert=>assert_equals(
      act = connection->last( )
      exp = `{"id":"c","success":true}` ).
    cl_abap_unit_assert=>assert_true( xsdbool( system->serialized < 3 ) ).
    cl_abap_unit_assert=>assert_initial( store->operations ).
    connection->forget( ).
    run( ).
    cl_abap_unit_assert=>assert_initial( connection->texts ).
    " Again, and of nobody, is a success.
    hear( `{"id":"d","domain":"stream","action":"cancel","params":{"target":"a"}}` ).
    assert_sent( `{"id":"d","success":true}` ).
  ENDMETHOD.

  METHOD cancel_frees_what_has_ended.
    hear( export( more = |,"features":["cancel","resume"],"operation":"{ key }"| ) ).
    run( ).
    assert_sent( `"type":"complete"` ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( store->operations )
      exp = 1 ).
    hear( `{"id":"c","domain":"stream","action":"cancel","params":{"target":"a"}}` ).
    cl_abap_unit_assert=>assert_initial( store->operations ).
  ENDMETHOD.

  METHOD cancels_only_what_it_has.
    hear( export( more = |,"features":["cancel","credit","resume"],"operation":"{ key }","window":1| ) ).
    run( ).
    DATA(first_session) = session.
    connect( ).
    hear( resume( next   = 1
                  offset = 0
                  sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `{"id":"s","type":"complete"` ).
    DATA(cancel) = `{"id":"c","domain":"stream","action":"cancel","params":{"target":"a"}}`.
    clock->go_on( CONV #( settings-watch_ms ) ).
    first_session->handle_timer( ).
    first_session->handle_text( cancel ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( store->operations )
      exp = 1 ).
  ENDMETHOD.

  METHOD says_when_it_is_gone.
    hear( export( more = |,"features":["credit","resume"],"operation":"{ key }","window":1| ) ).
    run( ).
    DATA(resume) = resume( next   = 1
                           offset = 0
                           sha256 = digest_of_nothing ).
    DATA(first) = connection.
    DATA(first_session) = session.
    DATA(opid) = store->operations[ 1 ]-opid.
    DATA(holder) = store->operations[ 1 ]-session_id.
    " Somebody comes back to it while it is freed.
    connect( ).
    hear( resume ).
    store->zif_longhaul_store~free( opid    = opid
                                    session = holder ).
    run( ).
    assert_sent( `{"id":"s","type":"error","success":false,"error":{"code":"RESUME_UNKNOWN"` ).
    clock->go_on( CONV #( settings-watch_ms ) ).
    first_session->handle_timer( ).
    cl_abap_unit_assert=>assert_true( first->has_sent(
      `{"id":"a","type":"error","success":false,"error":{"code":"RESUME_UNKNOWN"` ) ).
  ENDMETHOD.

  METHOD streams_take_turns.
    hear( export( `a` ) ).
    hear( export( `b` ) ).
    run( 2 ).
    assert_sent( `{"id":"a","type":"progress"` ).
    assert_sent( `{"id":"b","type":"progress"` ).
    run( ).
    assert_sent( `{"id":"a","type":"complete"` ).
    assert_sent( `{"id":"b","type":"complete"` ).
  ENDMETHOD.

  METHOD is_busy_beyond_its_limits.
    settings-max_transfers = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( `a` ) ).
    hear( export( `b` ) ).
    assert_sent( `{"id":"b","type":"error","success":false,"error":{"code":"BUSY"`
      && `,"message":"too many heavy requests","retryAfterMs":2000}}` ).
    run( ).
    hear( export( `c` ) ).
    cl_abap_unit_assert=>assert_false( connection->has_sent( `{"id":"c","type":"error"` ) ).
    " Over all connections of a user.
    settings-max_operations = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( `d` ) ).
    assert_sent( `{"id":"d","type":"error","success":false,"error":{"code":"BUSY"` ).
    connect( `YOU` ).
    hear( export( `e` ) ).
    run( ).
    assert_sent( `{"id":"e","type":"complete"` ).
  ENDMETHOD.

  METHOD gone_sessions_do_not_count.
    settings-max_operations = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( `a` ) ).
    run( 1 ).
    " The session is gone without a word.
    connect( ).
    hear( export( `b` ) ).
    assert_sent( `{"id":"b","type":"error","success":false,"error":{"code":"BUSY"` ).
    clock->go_on( CONV #( settings-silent_ms ) ).
    hear( export( `c` ) ).
    run( ).
    assert_sent( `{"id":"c","type":"complete"` ).
  ENDMETHOD.

  METHOD id_in_use_is_refused.
    hear( export( `a` ) ).
    hear( export( `a` ) ).
    assert_sent( `{"id":"unknown","success":false,"error":{"code":"PARSE_ERROR","message":"id is in use"}}` ).
    run( ).
    assert_sent( `{"id":"a","type":"complete"` ).
  ENDMETHOD.

  METHOD names_what_it_leaves_out.
    system->failing = 'ZCL_A'.
    system->forbidden = 'ZCL_C'.
    hear( export( ) ).
    run( ).
    assert_sent( `{"id":"a","type":"warning","item":"CLAS ZCL_A","code":"SERIALIZE_ERROR","message":"it is locked"}` ).
    assert_sent( `{"id":"a","type":"warning","item":"CLAS ZCL_C","code":"NOT_AUTHORIZED"` ).
    assert_sent( `"objectCount":3,"fileCount":1,` ).
    assert_sent( `"skipped":[{"type":"CLAS","name":"ZCL_A","reason":"it is locked"},{"type":"CLAS"`
      && `,"name":"ZCL_C","reason":"` ).
  ENDMETHOD.

  METHOD leaves_out_what_raises.
    system->raising = 'ZCL_B'.
    hear( export( ) ).
    run( ).
    assert_sent( `{"id":"a","type":"warning","item":"CLAS ZCL_B","code":"SERIALIZE_ERROR"` ).
    assert_sent( `"objectCount":3,"fileCount":2,` ).
    assert_sent( `"skipped":[{"type":"CLAS","name":"ZCL_B"`
      && `,"reason":"an exception that nothing foresees: LCX_UNFORESEEN"}]` ).
    hear( `{"id":"r","domain":"atc","action":"run","params":{"packages":["$DEMO"]},"stream":true}` ).
    run( ).
    assert_sent( `{"id":"r","type":"warning","item":"CLAS ZCL_B","code":"CHECK_ERROR"` ).
    assert_sent( `"data":{"objectCount":2,` ).
  ENDMETHOD.

  METHOD needs_abapgit_for_exports.
    system->is_missing = abap_true.
    hear( export( ) ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"NOT_AVAILABLE"` ).
    hear( `{"id":"r","domain":"atc","action":"run","params":{"packages":["$DEMO"]},"stream":true}` ).
    run( ).
    assert_sent( `{"id":"r","type":"complete"` ).
  ENDMETHOD.

  METHOD sends_records_at_once.
    hear( `{"id":"r","domain":"atc","action":"run","params":{"packages":["$DEMO"]},"stream":true}` ).
    " Accepted and progress; then ZCL_A and ZCL_B, one slice each, of three objects.
    run( 3 ).
    DATA(record) = `{"object":{"type":"CLAS","name":"ZCL_B"},"line":12,"priority":2,"check":"todo"`
      && `,"message":"comment says \"TODO\""}`.
    assert_sent( |\{"id":"r","type":"chunk","seq":1,"data":"{
      zcl_longhaul_codec=>to_base64( zcl_longhaul_codec=>to_utf8( |{ record }\n| ) ) }"| ).
    cl_abap_unit_assert=>assert_false( connection->has_sent( `complete` ) ).
    run( ).
    assert_sent( `"totalChunks":1,"data":{"objectCount":3,"findingCount":1,"priorities":[0,1,0],"skipped":[]}}` ).
    " One answer has no room for them.
    hear( `{"id":"s","domain":"atc","action":"run","params":{"packages":["$DEMO"]}}` ).
    run( ).
    assert_sent( `{"id":"s","success":false,"error":{"code":"ATC_ERROR","message":"1 findings need a stream"}}` ).
  ENDMETHOD.

  METHOD counts_what_it_checks.
    system->failing = 'ZCL_A'.
    hear( `{"id":"r","domain":"atc","action":"run","params":{"packages":["$DEMO"]},"stream":true}` ).
    run( ).
    assert_sent( `{"id":"r","type":"warning","item":"CLAS ZCL_A","code":"NOT_CHECKED","message":"nothing checks it"}` ).
    assert_sent( `"data":{"objectCount":2,"findingCount":1,"priorities":[0,1,0],"skipped":[{"type":"CLAS"`
      && `,"name":"ZCL_A","reason":"nothing checks it"}]}}` ).
  ENDMETHOD.

  METHOD goes_on_after_a_cut.
    DATA(more) = |,"features":["checksum","resume"],"operation":"{ key }"|.
    hear( export( more = more ) ).
    run( ).
    DATA(whole) = connection->last( ).
    hear( |\{"id":"r","domain":"stream","action":"release","params":\{"operation":"{ key }"\}\}| ).
    cl_abap_unit_assert=>assert_initial( store->operations ).

    " Once more, with the connection cut after each slice.
    hear( export( more = more ) ).
    run( 1 ).
    DO 30 TIMES.
      session->handle_close( ).
      connect( ).
      hear( resume( next      = 1
                       offset = 0
                       sha256 = digest_of_nothing ) ).
      run( 3 ).
      IF connection->has_sent( `complete` ) = abap_true.
        EXIT.
      ENDIF.
    ENDDO.
    run( ).
    cl_abap_unit_assert=>assert_equals(
      act = replace( val  = connection->last( )
                     sub  = `"id":"s"`
                     with = `"id":"a"` )
      exp = whole ).
    " Each of the three once for the first time, and once for the second.
    cl_abap_unit_assert=>assert_equals(
      act = system->serialized
      exp = 6 ).
  ENDMETHOD.

  METHOD goes_on_after_a_failed_send.
    DATA is_lost TYPE abap_bool.
    DATA(more) = |,"features":["checksum","resume"],"operation":"{ key }"|.
    hear( export( more = more ) ).
    run( ).
    DATA(whole) = connection->last( ).
    DATA(payload) = connection->payload( ).
    DO 100 TIMES.
      DATA(sends) = sy-index - 1.
      connect( ).
      hear( |\{"id":"r","domain":"stream","action":"release","params":\{"operation":"{ key }"\}\}| ).
      connection->sends_left = sends.
      is_lost = abap_false.
      TRY.
          hear( export( more = more ) ).
          run( ).
        CATCH zcx_longhaul_lost.
          is_lost = abap_true.
          session->handle_close( ).
      ENDTRY.
      " The first to come back is not lucky either.
      connect( ).
      connection->sends_left = sends MOD 7.
      TRY.
          hear( resume( next   = 1
                        offset = 0
                        sha256 = digest_of_nothing ) ).
          run( ).
        CATCH zcx_longhaul_lost.
          session->handle_close( ).
      ENDTRY.
      connect( ).
      hear( resume( next   = 1
                    offset = 0
                    sha256 = digest_of_nothing ) ).
      run( ).
      cl_abap_unit_assert=>assert_equals(
        act = replace( val  = connection->last( )
                       sub  = `"id":"s"`
                       with = `"id":"a"` )
        exp = whole ).
      cl_abap_unit_assert=>assert_equals(
        act = connection->payload( )
        exp = payload ).
      IF is_lost = abap_false.
        EXIT.
      ENDIF.
    ENDDO.
    cl_abap_unit_assert=>assert_false( is_lost ).
    cl_abap_unit_assert=>assert_true( xsdbool( sends > 8 ) ).
  ENDMETHOD.

  METHOD lists_no_more_than_its_limit.
    settings-max_listed_files = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    WHILE system->serialized < 2.
      run( 1 ).
    ENDWHILE.
    session->handle_close( ).
    cl_abap_unit_assert=>assert_true( xsdbool( store->operations[ 1 ]-state_json CS `"files":[],` ) ).
    connect( ).
    hear( resume( next   = 1
                  offset = 0
                  sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `"data":{"objectCount":3,"fileCount":3,"skipped":[]}` ).
    " A single answer is no other.
    hear( `{"id":"b","domain":"git","action":"export","params":{"packages":["$DEMO"]}}` ).
    run( ).
    cl_abap_unit_assert=>assert_false( connection->has_sent( `"files":[{` ) ).
  ENDMETHOD.

  METHOD keeps_its_language.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( 2 ).
    session->handle_close( ).
    " As if it had been begun in another language than that of the logon which goes on with it.
    store->change_state( from = |"language":"{ sy-langu }"|
                         to   = `"language":"1"` ).
    connect( ).
    hear( resume( next   = 1
                  offset = 0
                  sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `"type":"complete"` ).
    cl_abap_unit_assert=>assert_equals(
      act = system->languages
      exp = |{ sy-langu }11| ).
  ENDMETHOD.

  METHOD gives_complete_alone.
    hear( export( more = |,"features":["checksum","resume"],"operation":"{ key }"| ) ).
    run( ).
    DATA(operation) = store->operations[ 1 ].
    DATA(sha256) = CONV string( operation-sha256 ).
    connect( ).
    connection->forget( ).
    hear( resume( next      = operation-part_count + 1
                     offset = operation-byte_count
                     sha256 = sha256 ) ).
    run( ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( connection->texts )
      exp = 2 ).
    assert_sent( `{"id":"s","type":"accepted","epoch":"` ).
    assert_sent( |\{"id":"s","type":"complete","success":true,"totalChunks":{ operation-part_count },| ).
  ENDMETHOD.

  METHOD checks_what_a_client_has.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( ).
    DATA(parts) = store->operations[ 1 ]-part_count.
    DATA(wrong) = VALUE string_table(
      ( resume( next   = 1
                offset = 1
                sha256 = digest_of_nothing ) )
      ( resume( next   = 2
                offset = 200
                sha256 = digest_of_nothing ) )
      ( resume( next   = 2
                offset = 199
                sha256 = digest_of_nothing ) )
      ( resume( next   = parts + 2
                offset = 0
                sha256 = digest_of_nothing ) )
      ( replace( val  = resume( next   = 1
                                offset = 0
                                sha256 = digest_of_nothing )
                 sub  = `"epoch":"`
                 with = `"epoch":"x` ) ) ).
    LOOP AT wrong INTO DATA(text).
      connection->forget( ).
      hear( text ).
      run( ).
      assert_sent( `{"id":"s","type":"error","success":false,"error":{"code":"RESUME_MISMATCH"` ).
    ENDLOOP.
    connection->forget( ).
    hear( export( more = |,"features":["resume"],"operation":"{ key }","chunkSize":7| ) ).
    " The size is asked for twice, which no request may.
    assert_sent( `PARSE_ERROR` ).
    hear( replace( val     = export( more = |,"features":["resume"],"operation":"{ key }"| )
                      sub  = `"$DEMO"`
                      with = `"$DEMO","$DEMO"` ) ).
    assert_sent( `the key stands for another request` ).
    " It is nobody else's.
    connect( `YOU` ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    assert_sent( `RESUME_UNKNOWN` ).
  ENDMETHOD.

  METHOD skips_what_ended_a_session.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( 1 ).
    " Two sessions end without a word while they work on the second object.
    store->leave_item( item  = 2
                       tries = 2 ).
    connect( ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `{"id":"s","type":"warning","item":"CLAS ZCL_B","code":"SESSION_ENDED"` ).
    assert_sent( `"fileCount":2,` ).
    assert_sent( `"skipped":[{"type":"CLAS","name":"ZCL_B","reason":"it ended the sessions that worked on it"}]` ).
  ENDMETHOD.

  METHOD tries_again_what_is_at_work.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( 1 ).
    " The session is busy with the second object while its client comes back on another connection.
    store->leave_item( 2 ).
    connect( ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `"fileCount":3,` ).
    assert_sent( `"skipped":[]` ).
  ENDMETHOD.

  METHOD takes_over_a_busy_session.
    system->visitor = me.
    system->visited = 'ZCL_B'.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"SUPERSEDED"` ).
    cl_abap_unit_assert=>assert_false( connection->has_sent( `"type":"complete"` ) ).
    cl_abap_unit_assert=>assert_true( second->has_sent( `"data":{"objectCount":3,"fileCount":3,` ) ).
    cl_abap_unit_assert=>assert_true( second->has_sent( `"skipped":[]` ) ).
  ENDMETHOD.

  METHOD failure_after_takeover.
    " The first fails at the second object, when the operation is not its own any more.
    settings-max_payload = 700.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    settings-max_payload = 1000000.
    system->visitor = me.
    system->visited = 'ZCL_B'.
    hear( export( more = |,"features":["cancel","resume"],"operation":"{ key }"| ) ).
    run( ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"SUPERSEDED"` ).
    cl_abap_unit_assert=>assert_true( second->has_sent( `"data":{"objectCount":3,"fileCount":3,` ) ).
    hear( `{"id":"c","domain":"stream","action":"cancel","params":{"target":"a"}}` ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( store->operations )
      exp = 1 ).
  ENDMETHOD.

  METHOD lif_visitor~come.
    zcl_longhaul_config=>change( settings ).
    DATA(first) = connection.
    DATA(first_session) = session.
    TRY.
        connect( ).
        hear( resume( next   = 1
                      offset = 0
                      sha256 = digest_of_nothing ) ).
        run( ).
      CATCH cx_static_check.
        cl_abap_unit_assert=>fail( `it does not get in` ).
    ENDTRY.
    second = connection.
    connection = first.
    session = first_session.
  ENDMETHOD.

  METHOD counts_sessions_that_ended.
    " It is looked after while it is checked, too.
    settings-watch_ms = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( 1 ).
    store->leave_item( 2 ).
    system->fatal = 'ZCL_B'.
    connect( ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    " Before it comes there, a connection that is lost makes nothing forgotten.
    run( 1 ).
    session->handle_close( ).
    connect( ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    run( ).
    cl_abap_unit_assert=>assert_true( system->has_ended_session ).
    system->has_ended_session = abap_false.
    cl_abap_unit_assert=>assert_equals(
      act = store->operations[ 1 ]-item_no
      exp = 2 ).
    cl_abap_unit_assert=>assert_equals(
      act = store->operations[ 1 ]-item_tries
      exp = 2 ).
    DATA(serialized) = system->serialized.
    connect( ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `"skipped":[{"type":"CLAS","name":"ZCL_B"` ).
    " ZCL_A was saved before ZCL_B was tried again, so only ZCL_C was left.
    cl_abap_unit_assert=>assert_equals(
      act = system->serialized
      exp = serialized + 1 ).
  ENDMETHOD.

  METHOD latest_resume_wins.
    hear( export( more = |,"features":["credit","resume"],"operation":"{ key }","window":1| ) ).
    run( ).
    DATA(first) = connection.
    DATA(first_session) = session.
    connect( ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    run( ).
    assert_sent( `{"id":"s","type":"complete"` ).
    clock->go_on( CONV #( settings-watch_ms ) ).
    first_session->handle_timer( ).
    cl_abap_unit_assert=>assert_true( first->has_sent( `{"id":"a","type":"error","success":false`
      && `,"error":{"code":"SUPERSEDED"` ) ).
  ENDMETHOD.

  METHOD notices_while_it_sends.
    settings-watch_ms = 1.
    settings-max_held_chunks = 100.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    WHILE connection->has_sent( `"done":3` ) = abap_false.
      run( 1 ).
    ENDWHILE.
    DATA(first) = connection.
    DATA(first_session) = session.
    " It has chunks to send, and nothing that holds it up.
    connect( ).
    hear( resume( next   = 1
                  offset = 0
                  sha256 = digest_of_nothing ) ).
    run( 2 ).
    DO 20 TIMES.
      first_session->handle_timer( ).
    ENDDO.
    cl_abap_unit_assert=>assert_true( first->has_sent( `{"id":"a","type":"error","success":false`
      && `,"error":{"code":"SUPERSEDED"` ) ).
    cl_abap_unit_assert=>assert_false( first->has_sent( `"type":"complete"` ) ).
    run( ).
    assert_sent( `{"id":"s","type":"complete"` ).
  ENDMETHOD.

  METHOD lives_without_credit.
    " So that its work is held up, too.
    settings-max_held_chunks = 1.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( more = `,"features":["credit"],"window":1` ) ).
    run( ).
    DATA(first) = connection.
    DATA(first_session) = session.
    DO 3 TIMES.
      clock->go_on( settings-ttl_ms - 1000 ).
      first_session->handle_timer( ).
      " Whoever comes in looks for what has expired.
      connect( `YOU` ).
      hear( export( `b` ) ).
      run( ).
    ENDDO.
    session = first_session.
    connection = first.
    hear( `{"id":"c","domain":"stream","action":"credit","params":{"target":"a","upTo":99}}` ).
    run( ).
    assert_sent( `{"id":"a","type":"complete"` ).
  ENDMETHOD.

  METHOD remembers_what_expired.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( ).
    clock->go_on( CONV #( settings-ttl_ms ) ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    assert_sent( `{"id":"s","type":"error","success":false,"error":{"code":"RESUME_EXPIRED"` ).
    " So that nothing runs twice.
    hear( export( id      = `b`
                     more = |,"features":["resume"],"operation":"{ key }"| ) ).
    assert_sent( `{"id":"b","type":"error","success":false,"error":{"code":"RESUME_EXPIRED"` ).
    clock->go_on( CONV #( settings-remembered_ms ) ).
    hear( resume( next      = 1
                     offset = 0
                     sha256 = digest_of_nothing ) ).
    assert_sent( `RESUME_UNKNOWN` ).
  ENDMETHOD.

  METHOD released_operation_ends.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( 2 ).
    hear( |\{"id":"r","domain":"stream","action":"release","params":\{"operation":"{ key }"\}\}| ).
    run( ).
    assert_sent( `{"id":"a","type":"complete"` ).
    cl_abap_unit_assert=>assert_initial( store->operations ).
  ENDMETHOD.

  METHOD keeps_nothing_else.
    hear( export( ) ).
    run( 2 ).
    cl_abap_unit_assert=>assert_initial( store->operations[ 1 ]-plan_json ).
    cl_abap_unit_assert=>assert_equals(
      act = lines( store->operations )
      exp = 1 ).
    session->handle_close( ).
    cl_abap_unit_assert=>assert_initial( store->operations ).
  ENDMETHOD.

  METHOD survives_its_database.
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    run( 2 ).
    store->is_broken = abap_true.
    run( ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"SERVICE_EXCEPTION"` ).
    hear( `{"id":"p","domain":"system","action":"ping"}` ).
    assert_sent( `{"id":"p","success":true` ).
  ENDMETHOD.

  METHOD completes_without_database.
    settings-max_held_chunks = 100.
    zcl_longhaul_config=>change( settings ).
    connect( ).
    hear( export( more = |,"features":["resume"],"operation":"{ key }"| ) ).
    WHILE connection->has_sent( `"done":3` ) = abap_false.
      run( 1 ).
    ENDWHILE.
    " The client takes all of it; only that it is left cannot be written.
    store->is_broken = abap_true.
    run( ).
    assert_sent( `{"id":"a","type":"complete"` ).
  ENDMETHOD.

  METHOD cancels_without_database.
    hear( export( more = |,"features":["cancel","resume"],"operation":"{ key }"| ) ).
    run( 2 ).
    store->is_broken = abap_true.
    hear( `{"id":"c","domain":"stream","action":"cancel","params":{"target":"a"}}` ).
    assert_sent( `{"id":"a","type":"error","success":false,"error":{"code":"CANCELLED"` ).
  ENDMETHOD.

  METHOD hear.
    session->handle_text( text ).
  ENDMETHOD.

  METHOD run.
    DO times TIMES.
      IF connection->rings( ) = abap_false.
        RETURN.
      ENDIF.
      session->handle_timer( ).
    ENDDO.
    cl_abap_unit_assert=>assert_true( xsdbool( times < 200 ) ).
  ENDMETHOD.

  METHOD export.
    text = |\{"id":"{ id }","domain":"git","action":"export","params":\{"packages":["$DEMO"]\}|
      && |,"stream":true,"chunkSize":200{ more }\}|.
  ENDMETHOD.

  METHOD resume.
    text = |\{"id":"s","domain":"stream","action":"resume","params":\{"operation":"{ key }"|
      && |,"epoch":"{ store->operations[ 1 ]-epoch_id }","nextSeq":{ next },"offset":{ offset },"sha256":"{ sha256 }"\}|
      && |,"stream":true,"chunkSize":200,"features":["checksum","resume"]\}|.
  ENDMETHOD.

  METHOD assert_sent.
    IF connection->has_sent( part ) = abap_false.
      cl_abap_unit_assert=>fail( |not sent: { part }; but { concat_lines_of( table = connection->texts
                                                                             sep   = `, ` ) }| ).
    ENDIF.
  ENDMETHOD.
ENDCLASS.
