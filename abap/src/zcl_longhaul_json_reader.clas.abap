"! <p class="shorttext synchronized">longhaul: reads JSON</p>
"! Own code rather than /ui2/cl_json or sXML: those differ in what they take and lose how a number was
"! written, and neither exists where this is tested. What runs in the tests is what runs on the system.
CLASS zcl_longhaul_json_reader DEFINITION PUBLIC FINAL CREATE PRIVATE.
  PUBLIC SECTION.
    "! Reads one value with nothing but white space around it, of no more than so many values
    CLASS-METHODS read
      IMPORTING
        json         TYPE string
        max_values   TYPE i DEFAULT 2147483647
      RETURNING
        VALUE(value) TYPE REF TO zcl_longhaul_json
      RAISING
        zcx_longhaul.

  PRIVATE SECTION.
    CONSTANTS max_depth TYPE i VALUE 64.
    CONSTANTS digits TYPE string VALUE `0123456789`.

    DATA json TYPE string.
    DATA length TYPE i.
    DATA at TYPE i.
    DATA depth TYPE i.
    DATA white_space TYPE string.
    "! How many values there may still be
    DATA values_left TYPE i.

    METHODS constructor
      IMPORTING
        json       TYPE string
        max_values TYPE i.
    METHODS value
      RETURNING VALUE(value) TYPE REF TO zcl_longhaul_json
      RAISING   zcx_longhaul.
    METHODS object
      RETURNING VALUE(value) TYPE REF TO zcl_longhaul_json
      RAISING   zcx_longhaul.
    METHODS list
      RETURNING VALUE(value) TYPE REF TO zcl_longhaul_json
      RAISING   zcx_longhaul.
    METHODS text
      RETURNING VALUE(text) TYPE string
      RAISING   zcx_longhaul.
    METHODS escaped
      RETURNING VALUE(text) TYPE string
      RAISING   zcx_longhaul.
    "! The control character with this code
    METHODS control
      IMPORTING code             TYPE i
      RETURNING VALUE(character) TYPE string.
    METHODS number
      RETURNING VALUE(value) TYPE REF TO zcl_longhaul_json
      RAISING   zcx_longhaul.
    METHODS digits_at_least_one
      RAISING zcx_longhaul.
    METHODS word
      IMPORTING
        word         TYPE string
        kind         TYPE string
      RETURNING
        VALUE(value) TYPE REF TO zcl_longhaul_json
      RAISING
        zcx_longhaul.
    METHODS skip_white_space.
    "! The next character, empty at the end
    METHODS next
      RETURNING VALUE(character) TYPE string.
    "! Takes this character, if it is the next one
    METHODS take
      IMPORTING character       TYPE string
      RETURNING VALUE(is_taken) TYPE abap_bool.
    METHODS expect
      IMPORTING character TYPE string
      RAISING   zcx_longhaul.
    METHODS enter
      RAISING zcx_longhaul.
    METHODS fail
      IMPORTING why TYPE string
      RAISING   zcx_longhaul.
ENDCLASS.



CLASS zcl_longhaul_json_reader IMPLEMENTATION.


  METHOD constructor.
    me->json = json.
    values_left = max_values.
    length = strlen( json ).
    " Blank, tab, line feed, carriage return.
    white_space = cl_abap_codepage=>convert_from( CONV xstring( `20090A0D` ) ).
  ENDMETHOD.


  METHOD control.
    character = substring( val = zcl_longhaul_json=>control_characters( )
                           off = code
                           len = 1 ).
  ENDMETHOD.


  METHOD digits_at_least_one.
    DATA(from) = at.
    WHILE at < length AND json+at(1) CO digits.
      at = at + 1.
    ENDWHILE.
    IF at = from.
      fail( `a digit is missing` ).
    ENDIF.
  ENDMETHOD.


  METHOD enter.
    depth = depth + 1.
    IF depth > max_depth.
      fail( `nested too deep` ).
    ENDIF.
  ENDMETHOD.


  METHOD escaped.
    DATA(character) = next( ).
    at = at + 1.
    CASE character.
      WHEN `"` OR `\` OR `/`.
        text = character.
      WHEN `b`.
        text = control( 8 ).
      WHEN `t`.
        text = control( 9 ).
      WHEN `n`.
        text = control( 10 ).
      WHEN `f`.
        text = control( 12 ).
      WHEN `r`.
        text = control( 13 ).
      WHEN `u`.
        IF at + 4 > length.
          fail( `an escape breaks off` ).
        ENDIF.
        DATA(code) = to_upper( json+at(4) ).
        IF code CN `0123456789ABCDEF`.
          fail( `an escape has no four hex digits` ).
        ENDIF.
        at = at + 4.
        text = zcl_longhaul_codec=>character( code ).
      WHEN OTHERS.
        fail( `an escape is unknown` ).
    ENDCASE.
  ENDMETHOD.


  METHOD expect.
    IF take( character ) = abap_false.
      fail( |{ character } is missing| ).
    ENDIF.
  ENDMETHOD.


  METHOD fail.
    RAISE EXCEPTION TYPE zcx_longhaul
      EXPORTING
        code    = zif_longhaul=>code-parse_error
        message = |not JSON: { why }, at character { at + 1 }|.
  ENDMETHOD.


  METHOD list.
    DATA items TYPE zcl_longhaul_json=>list.
    enter( ).
    expect( `[` ).
    skip_white_space( ).
    IF take( `]` ) = abap_false.
      DO.
        APPEND value( ) TO items.
        skip_white_space( ).
        IF take( `,` ) = abap_false.
          EXIT.
        ENDIF.
      ENDDO.
      expect( `]` ).
    ENDIF.
    depth = depth - 1.
    value = NEW #( kind  = zcl_longhaul_json=>kinds-list
                   items = items ).
  ENDMETHOD.


  METHOD next.
    IF at < length.
      character = json+at(1).
    ENDIF.
  ENDMETHOD.


  METHOD number.
    DATA(from) = at.
    take( `-` ).
    IF take( `0` ) = abap_false.
      digits_at_least_one( ).
    ENDIF.
    IF take( `.` ) = abap_true.
      digits_at_least_one( ).
    ENDIF.
    IF take( `e` ) = abap_true OR take( `E` ) = abap_true.
      IF take( `+` ) = abap_false.
        take( `-` ).
      ENDIF.
      digits_at_least_one( ).
    ENDIF.
    value = NEW #( kind = zcl_longhaul_json=>kinds-number
                   text = substring( val = json off = from len = at - from ) ).
  ENDMETHOD.


  METHOD object.
    DATA members TYPE zcl_longhaul_json=>pairs.
    DATA member TYPE zcl_longhaul_json=>pair.
    enter( ).
    expect( `{` ).
    skip_white_space( ).
    IF take( `}` ) = abap_false.
      DO.
        skip_white_space( ).
        member-name = text( ).
        skip_white_space( ).
        expect( `:` ).
        member-value = value( ).
        APPEND member TO members.
        skip_white_space( ).
        IF take( `,` ) = abap_false.
          EXIT.
        ENDIF.
      ENDDO.
      expect( `}` ).
    ENDIF.
    depth = depth - 1.
    value = NEW #( kind    = zcl_longhaul_json=>kinds-object
                   members = members ).
  ENDMETHOD.


  METHOD read.
    DATA(reader) = NEW zcl_longhaul_json_reader( json       = json
                                                 max_values = max_values ).
    value = reader->value( ).
    reader->skip_white_space( ).
    IF reader->at < reader->length.
      reader->fail( `something stands behind the value` ).
    ENDIF.
  ENDMETHOD.


  METHOD skip_white_space.
    WHILE at < length AND json+at(1) CA white_space.
      at = at + 1.
    ENDWHILE.
  ENDMETHOD.


  METHOD take.
    IF at < length AND json+at(1) = character.
      at = at + 1.
      is_taken = abap_true.
    ENDIF.
  ENDMETHOD.


  METHOD text.
    DATA parts TYPE string_table.
    expect( `"` ).
    DO.
      " What ends a piece is looked for from its beginning on: a text of nothing but escapes is read once.
      DATA(end) = find_any_of( val = json
                               sub = `"\`
                               off = at ).
      IF end < 0.
        fail( `a text is not closed` ).
      ENDIF.
      DATA(plain) = substring( val = json
                               off = at
                               len = end - at ).
      IF plain CA zcl_longhaul_json=>control_characters( ).
        fail( `a control character stands in a text` ).
      ENDIF.
      APPEND plain TO parts.
      at = end + 1.
      DATA(stop) = json+end(1).
      IF stop = `"`.
        text = concat_lines_of( parts ).
        RETURN.
      ENDIF.
      APPEND escaped( ) TO parts.
    ENDDO.
  ENDMETHOD.


  METHOD value.
    IF values_left = 0.
      fail( `too many values` ).
    ENDIF.
    values_left = values_left - 1.
    skip_white_space( ).
    CASE next( ).
      WHEN `{`.
        value = object( ).
      WHEN `[`.
        value = list( ).
      WHEN `"`.
        value = NEW #( kind = zcl_longhaul_json=>kinds-text
                       text = text( ) ).
      WHEN `t`.
        value = word( word = `true`
                      kind = zcl_longhaul_json=>kinds-boolean ).
      WHEN `f`.
        value = word( word = `false`
                      kind = zcl_longhaul_json=>kinds-boolean ).
      WHEN `n`.
        value = word( word = `null`
                      kind = zcl_longhaul_json=>kinds-null ).
      WHEN OTHERS.
        value = number( ).
    ENDCASE.
  ENDMETHOD.


  METHOD word.
    IF at + strlen( word ) > length OR substring( val = json
                                                  off = at
                                                  len = strlen( word ) ) <> word.
      fail( |{ word } is misspelt| ).
    ENDIF.
    at = at + strlen( word ).
    value = NEW #( kind = kind
                   text = word ).
  ENDMETHOD.
ENDCLASS.
