"! <p class="shorttext synchronized">longhaul: a request that came in</p>
"! Read as PROTOCOL 2 has it: keys in any order, unknown ones ignored.
CLASS zcl_longhaul_request DEFINITION PUBLIC FINAL CREATE PRIVATE.
  PUBLIC SECTION.
    CONSTANTS not_asked TYPE zif_longhaul=>count VALUE -1.

    DATA id TYPE string READ-ONLY.
    DATA domain TYPE string READ-ONLY.
    DATA action TYPE string READ-ONLY.
    "! A JSON object, empty where there were none
    DATA params TYPE REF TO zcl_longhaul_json READ-ONLY.
    DATA is_stream TYPE abap_bool READ-ONLY.
    "! The largest chunk wanted in decoded bytes, or not_asked
    DATA chunk_bytes TYPE zif_longhaul=>count READ-ONLY.
    "! Those that are known, in the order of the protocol
    DATA features TYPE string_table READ-ONLY.
    "! The key of the operation; empty where there is none of the right form
    DATA operation TYPE string READ-ONLY.
    "! Chunks that may come before more is granted; 0 where that is not said
    DATA window TYPE zif_longhaul=>count READ-ONLY.

    "! Raises PARSE_ERROR where the text is no request
    CLASS-METHODS read
      IMPORTING text           TYPE string
      RETURNING VALUE(request) TYPE REF TO zcl_longhaul_request
      RAISING   zcx_longhaul.

    METHODS wants
      IMPORTING feature      TYPE string
      RETURNING VALUE(wants) TYPE abap_bool.

    "! Whether a client may use this id (PROTOCOL 2.2)
    CLASS-METHODS is_id
      IMPORTING text         TYPE string
      RETURNING VALUE(is_id) TYPE abap_bool.

    "! Whether it has the form of an operation's key (PROTOCOL 6.4)
    CLASS-METHODS is_key
      IMPORTING text          TYPE string
      RETURNING VALUE(is_key) TYPE abap_bool.

  PRIVATE SECTION.
    CONSTANTS id_characters TYPE string
      VALUE `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-`.
    "! Every frame of an answer repeats the id
    CONSTANTS max_id_length TYPE i VALUE 256.
    CONSTANTS min_key_length TYPE i VALUE 22.
    CONSTANTS max_key_length TYPE i VALUE 128.

    METHODS constructor
      IMPORTING object TYPE REF TO zcl_longhaul_json
      RAISING   zcx_longhaul.
    METHODS check_keys_stand_once
      IMPORTING object TYPE REF TO zcl_longhaul_json
      RAISING   zcx_longhaul.
    METHODS required_text
      IMPORTING
        object      TYPE REF TO zcl_longhaul_json
        name        TYPE string
      RETURNING
        VALUE(text) TYPE string
      RAISING
        zcx_longhaul.
    METHODS read_params
      IMPORTING object TYPE REF TO zcl_longhaul_json
      RAISING   zcx_longhaul.
    METHODS read_stream
      IMPORTING object TYPE REF TO zcl_longhaul_json
      RAISING   zcx_longhaul.
    METHODS read_features
      IMPORTING object TYPE REF TO zcl_longhaul_json
      RAISING   zcx_longhaul.
    METHODS read_window
      IMPORTING object TYPE REF TO zcl_longhaul_json.
    METHODS fail
      IMPORTING why TYPE string
      RAISING   zcx_longhaul.
ENDCLASS.



CLASS zcl_longhaul_request IMPLEMENTATION.


  METHOD check_keys_stand_once.
    DATA(keys) = VALUE string_table( ( `id` ) ( `domain` ) ( `action` ) ( `params` ) ( `stream` )
                                     ( `chunkSize` ) ( `features` ) ( `operation` ) ( `window` ) ).
    LOOP AT keys INTO DATA(key).
      IF object->has_twice( key ) = abap_true.
        fail( |{ key } stands twice| ).
      ENDIF.
    ENDLOOP.
  ENDMETHOD.


  METHOD constructor.
    IF object->kind <> zcl_longhaul_json=>kinds-object.
      fail( `not an object` ).
    ENDIF.
    check_keys_stand_once( object ).
    id = required_text( object = object
                        name   = `id` ).
    domain = required_text( object = object
                            name   = `domain` ).
    action = required_text( object = object
                            name   = `action` ).
    read_params( object ).
    read_stream( object ).
    read_features( object ).
    read_window( object ).
    IF is_id( id ) = abap_false.
      fail( `the id is not allowed` ).
    ENDIF.
    operation = object->text_of( `operation` ).
    IF is_key( operation ) = abap_false.
      CLEAR operation.
    ENDIF.
  ENDMETHOD.


  METHOD fail.
    RAISE EXCEPTION TYPE zcx_longhaul
      EXPORTING
        code    = zif_longhaul=>code-parse_error
        message = |request is not readable: { why }|.
  ENDMETHOD.


  METHOD is_id.
    is_id = xsdbool( text IS NOT INITIAL
      AND strlen( text ) <= max_id_length
      AND text CO id_characters
      AND text <> zif_longhaul=>reserved_id-welcome
      AND text <> zif_longhaul=>reserved_id-unknown ).
  ENDMETHOD.


  METHOD is_key.
    is_key = xsdbool( strlen( text ) >= min_key_length
      AND strlen( text ) <= max_key_length
      AND text CO id_characters ).
  ENDMETHOD.


  METHOD read.
    request = NEW #( zcl_longhaul_json_reader=>read(
      json       = text
      max_values = zcl_longhaul_config=>current( )-max_values ) ).
  ENDMETHOD.


  METHOD read_features.
    DATA(wanted) = object->member( `features` ).
    DATA names TYPE string_table.
    IF wanted IS NOT BOUND.
      RETURN.
    ENDIF.
    IF wanted->kind <> zcl_longhaul_json=>kinds-list.
      fail( `features are no list` ).
    ENDIF.

    LOOP AT wanted->items INTO DATA(item).
      IF item->kind <> zcl_longhaul_json=>kinds-text.
        fail( `a feature is no text` ).
      ENDIF.
      APPEND item->text TO names.
    ENDLOOP.
    DATA(known) = VALUE string_table( ( zif_longhaul=>feature-stream )
                                      ( zif_longhaul=>feature-checksum )
                                      ( zif_longhaul=>feature-cancel )
                                      ( zif_longhaul=>feature-credit )
                                      ( zif_longhaul=>feature-resume )
                                      ( zif_longhaul=>feature-binary ) ).
    LOOP AT known INTO DATA(feature).
      IF line_exists( names[ table_line = feature ] ).
        APPEND feature TO features.
      ENDIF.
    ENDLOOP.
  ENDMETHOD.


  METHOD read_params.
    params = object->member( `params` ).
    IF params IS NOT BOUND.
      params = NEW #( zcl_longhaul_json=>kinds-object ).
    ENDIF.
    IF params->kind <> zcl_longhaul_json=>kinds-object.
      fail( `params are no object` ).
    ENDIF.
  ENDMETHOD.


  METHOD read_stream.
    DATA(stream) = object->member( `stream` ).
    IF stream IS BOUND AND stream->kind <> zcl_longhaul_json=>kinds-boolean.
      fail( `stream is no boolean` ).
    ENDIF.
    IF stream IS NOT BOUND.
      stream = params->member( `stream` ).
    ENDIF.
    is_stream = xsdbool( stream IS BOUND AND stream->is_true( ) = abap_true ).

    DATA(size) = object->member( `chunkSize` ).
    IF size IS NOT BOUND.
      size = params->member( `chunkSize` ).
    ENDIF.
    chunk_bytes = not_asked.
    IF size IS NOT BOUND.
      RETURN.
    ENDIF.
    IF size->kind = zcl_longhaul_json=>kinds-text AND size->text IS NOT INITIAL.
      size = NEW #( kind = zcl_longhaul_json=>kinds-number
                    text = size->text ).
    ENDIF.
    IF size->is_count( ) = abap_true.
      chunk_bytes = size->as_count( ).
    ENDIF.
  ENDMETHOD.


  METHOD read_window.
    window = object->count_of( `window` ).
  ENDMETHOD.


  METHOD required_text.
    DATA(value) = object->member( name ).
    IF value IS NOT BOUND OR value->kind <> zcl_longhaul_json=>kinds-text.
      fail( |{ name } is missing, or no text| ).
    ENDIF.
    text = value->text.
  ENDMETHOD.


  METHOD wants.
    wants = xsdbool( line_exists( features[ table_line = feature ] ) ).
  ENDMETHOD.
ENDCLASS.
