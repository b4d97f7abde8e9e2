"! <p class="shorttext synchronized">longhaul: a connection, in tests</p>
"! Takes what is sent, and remembers when the session wants to be woken
CLASS zcl_longhaul_double_connection DEFINITION PUBLIC FINAL FOR TESTING CREATE PUBLIC.
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



CLASS zcl_longhaul_double_connection IMPLEMENTATION.


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
