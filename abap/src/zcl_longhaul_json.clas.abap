"! <p class="shorttext synchronized">longhaul: a JSON value that was read</p>
"! Numbers keep the text they were written in, since some may only be plain digits (PROTOCOL 3.4).
CLASS zcl_longhaul_json DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    TYPES value TYPE REF TO zcl_longhaul_json.
    TYPES list TYPE STANDARD TABLE OF value WITH EMPTY KEY.
    TYPES:
      BEGIN OF pair,
        name  TYPE string,
        value TYPE value,
      END OF pair,
      pairs TYPE STANDARD TABLE OF pair WITH EMPTY KEY.

    CONSTANTS:
      BEGIN OF kinds,
        null    TYPE string VALUE `null`,
        boolean TYPE string VALUE `boolean`,
        number  TYPE string VALUE `number`,
        text    TYPE string VALUE `text`,
        list    TYPE string VALUE `list`,
        object  TYPE string VALUE `object`,
      END OF kinds.

    "! One of kinds
    DATA kind TYPE string READ-ONLY.
    "! Of a text what it says, of a number or a boolean how it was written
    DATA text TYPE string READ-ONLY.
    DATA items TYPE list READ-ONLY.
    DATA members TYPE pairs READ-ONLY.

    METHODS constructor
      IMPORTING
        kind    TYPE string
        text    TYPE string OPTIONAL
        items   TYPE list OPTIONAL
        members TYPE pairs OPTIONAL.

    "! The last member of that name; not bound where there is none, or null
    METHODS member
      IMPORTING name         TYPE string
      RETURNING VALUE(value) TYPE value.

    "! Whether a member of that name stands there more than once
    METHODS has_twice
      IMPORTING name             TYPE string
      RETURNING VALUE(has_twice) TYPE abap_bool.

    "! Whether it is a number in plain digits
    METHODS is_count
      RETURNING VALUE(is_count) TYPE abap_bool.

    "! The number; 2147483647 for what is more
    METHODS as_count
      RETURNING VALUE(count) TYPE zif_longhaul=>count.

    METHODS is_true
      RETURNING VALUE(is_true) TYPE abap_bool.

    "! The text of a member, empty where it is none
    METHODS text_of
      IMPORTING name        TYPE string
      RETURNING VALUE(text) TYPE string.

    "! The number of a member, 0 where it is none
    METHODS count_of
      IMPORTING name         TYPE string
      RETURNING VALUE(count) TYPE zif_longhaul=>count.

    "! The items of a member, none where it is no list
    METHODS items_of
      IMPORTING name         TYPE string
      RETURNING VALUE(items) TYPE list.

    "! Writes it with the members in the order of their names, so that equal values give equal texts
    METHODS canonical
      RETURNING VALUE(json) TYPE string.

    "! A text as JSON has it, with its quotes
    CLASS-METHODS quote
      IMPORTING text        TYPE csequence
      RETURNING VALUE(json) TYPE string.

    "! U+0000 to U+001F, which stand in no JSON text as they are
    CLASS-METHODS control_characters
      RETURNING VALUE(characters) TYPE string.

  PRIVATE SECTION.
    CONSTANTS largest TYPE string VALUE `2147483647`.
    CLASS-DATA controls TYPE string.
ENDCLASS.



CLASS zcl_longhaul_json IMPLEMENTATION.


  METHOD canonical.
    DATA parts TYPE string_table.
    CASE kind.
      WHEN kinds-text.
        json = quote( text ).
      WHEN kinds-list.
        LOOP AT items INTO DATA(item).
          APPEND item->canonical( ) TO parts.
        ENDLOOP.
        json = |[{ concat_lines_of( table = parts
                                    sep   = `,` ) }]|.
      WHEN kinds-object.
        DATA(sorted) = members.
        SORT sorted STABLE BY name.
        LOOP AT sorted INTO DATA(member).
          APPEND |{ quote( member-name ) }:{ member-value->canonical( ) }| TO parts.
        ENDLOOP.
        json = |\{{ concat_lines_of( table = parts
                                     sep   = `,` ) }\}|.
      WHEN OTHERS.
        json = text.
    ENDCASE.
  ENDMETHOD.


  METHOD constructor.
    me->kind = kind.
    me->text = text.
    me->items = items.
    me->members = members.
  ENDMETHOD.


  METHOD control_characters.
    IF controls IS INITIAL.
      " One byte each in UTF-8.
      controls = cl_abap_codepage=>convert_from(
        CONV xstring( `000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F` ) ).
    ENDIF.
    characters = controls.
  ENDMETHOD.


  METHOD as_count.
    IF is_count( ) = abap_false.
      RETURN.
    ENDIF.
    DATA(is_more) = xsdbool( strlen( text ) > strlen( largest )
      OR ( strlen( text ) = strlen( largest ) AND text > largest ) ).
    count = COND #( WHEN is_more = abap_true THEN largest ELSE text ).
  ENDMETHOD.


  METHOD count_of.
    DATA(value) = member( name ).
    IF value IS BOUND.
      count = value->as_count( ).
    ENDIF.
  ENDMETHOD.


  METHOD has_twice.
    DATA(times) = REDUCE i( INIT n = 0
                            FOR member IN members
                            WHERE ( name = name )
                            NEXT n = n + 1 ).
    has_twice = xsdbool( times > 1 ).
  ENDMETHOD.


  METHOD is_count.
    is_count = xsdbool( kind = kinds-number AND text CO `0123456789` ).
  ENDMETHOD.


  METHOD is_true.
    is_true = xsdbool( kind = kinds-boolean AND text = `true` ).
  ENDMETHOD.


  METHOD items_of.
    DATA(value) = member( name ).
    IF value IS BOUND.
      items = value->items.
    ENDIF.
  ENDMETHOD.


  METHOD member.
    LOOP AT members INTO DATA(member) WHERE name = name.
      value = member-value.
    ENDLOOP.
    IF value IS BOUND AND value->kind = kinds-null.
      CLEAR value.
    ENDIF.
  ENDMETHOD.


  METHOD quote.
    json = text.
    IF json CA `"\`.
      json = replace( val  = json
                      sub  = `\`
                      with = `\\`
                      occ  = 0 ).
      json = replace( val  = json
                      sub  = `"`
                      with = `\"`
                      occ  = 0 ).
    ENDIF.
    DATA(characters) = control_characters( ).
    IF json CA characters.
      DO strlen( characters ) TIMES.
        DATA(code) = sy-index - 1.
        DATA(character) = substring( val = characters
                                     off = code
                                     len = 1 ).
        DATA(byte) = zcl_longhaul_codec=>little_endian(
          number = code
          length = 1 ).
        json = replace( val  = json
                        sub  = character
                        with = |\\u00{ zcl_longhaul_codec=>hex( byte ) }|
                        occ  = 0 ).
      ENDDO.
    ENDIF.
    json = |"{ json }"|.
  ENDMETHOD.


  METHOD text_of.
    DATA(value) = member( name ).
    IF value IS BOUND AND value->kind = kinds-text.
      text = value->text.
    ENDIF.
  ENDMETHOD.
ENDCLASS.
