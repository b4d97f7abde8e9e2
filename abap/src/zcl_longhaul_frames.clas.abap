"! <p class="shorttext synchronized">longhaul: writes the frames of one request</p>
"! Compact JSON, the keys in the order of PROTOCOL 4, the data of a chunk before its checksum.
CLASS zcl_longhaul_frames DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    METHODS constructor
      IMPORTING id TYPE string.

    METHODS progress
      IMPORTING
        done         TYPE i
        total        TYPE i
        message      TYPE string
      RETURNING
        VALUE(frame) TYPE string.

    METHODS warning
      IMPORTING
        item         TYPE string
        code         TYPE string
        message      TYPE string
      RETURNING
        VALUE(frame) TYPE string.

    "! epoch and ttl where the operation is kept, alias where chunks are binary
    METHODS accepted
      IMPORTING
        epoch        TYPE string OPTIONAL
        ttl          TYPE zif_longhaul=>milliseconds OPTIONAL
        chunk_bytes  TYPE i
        alias        TYPE i OPTIONAL
      RETURNING
        VALUE(frame) TYPE string.

    METHODS chunk
      IMPORTING
        chunk        TYPE zif_longhaul=>slice
        has_checksum TYPE abap_bool
      RETURNING
        VALUE(frame) TYPE string.

    "! A chunk as a binary message, with its CRC-32 (PROTOCOL 6.5)
    CLASS-METHODS binary_chunk
      IMPORTING
        alias          TYPE i
        chunk          TYPE zif_longhaul=>slice
      RETURNING
        VALUE(message) TYPE xstring.

    "! data is JSON; without sha256 there is no checksum
    METHODS complete
      IMPORTING
        chunks       TYPE zif_longhaul=>count
        size         TYPE zif_longhaul=>count OPTIONAL
        sha256       TYPE string OPTIONAL
        data         TYPE string
      RETURNING
        VALUE(frame) TYPE string.

    METHODS answer
      IMPORTING data         TYPE string OPTIONAL
      RETURNING VALUE(frame) TYPE string.

    "! Typed where a stream was asked for
    METHODS error
      IMPORTING
        error        TYPE REF TO zcx_longhaul
        is_stream    TYPE abap_bool
      RETURNING
        VALUE(frame) TYPE string.

  PRIVATE SECTION.
    DATA head TYPE string.
    METHODS typed
      IMPORTING type        TYPE string
      RETURNING VALUE(head) TYPE string.
ENDCLASS.



CLASS zcl_longhaul_frames IMPLEMENTATION.


  METHOD accepted.
    frame = typed( `accepted` ).
    IF epoch IS NOT INITIAL.
      frame = |{ frame },"epoch":{ zcl_longhaul_json=>quote( epoch ) },"ttl":{ ttl }|.
    ENDIF.
    frame = |{ frame },"chunkSize":{ chunk_bytes }|.
    IF alias > 0.
      frame = |{ frame },"alias":{ alias }|.
    ENDIF.
    frame = |{ frame }\}|.
  ENDMETHOD.


  METHOD answer.
    " Put together at once: what is one answer may be large.
    IF data IS INITIAL.
      frame = |{ head },"success":true\}|.
    ELSE.
      frame = |{ head },"success":true,"data":{ data }\}|.
    ENDIF.
  ENDMETHOD.


  METHOD binary_chunk.
    " Magic, version 1, and bit 0 of the flags: the CRC-32 is valid.
    CONSTANTS start TYPE x LENGTH 4 VALUE '4C480101'.
    DATA(crc32) = zcl_longhaul_codec=>crc32( chunk-data ).
    CONCATENATE crc32+3(1) crc32+2(1) crc32+1(1) crc32(1) INTO crc32 IN BYTE MODE.
    DATA(alias_bytes) = zcl_longhaul_codec=>little_endian( number = alias
                                                           length = 4 ).
    DATA(seq) = zcl_longhaul_codec=>little_endian( number = chunk-seq
                                                   length = 8 ).
    DATA(offset) = zcl_longhaul_codec=>little_endian( number = chunk-offset
                                                      length = 8 ).
    DATA(length) = zcl_longhaul_codec=>little_endian( number = xstrlen( chunk-data )
                                                      length = 4 ).
    CONCATENATE start alias_bytes seq offset crc32 length chunk-data INTO message IN BYTE MODE.
  ENDMETHOD.


  METHOD chunk.
    frame = |{ typed( `chunk` ) },"seq":{ chunk-seq },"data":"{ zcl_longhaul_codec=>to_base64( chunk-data ) }"|.
    IF has_checksum = abap_true.
      DATA(crc32) = zcl_longhaul_codec=>hex( zcl_longhaul_codec=>crc32( chunk-data ) ).
      frame = |{ frame },"offset":{ chunk-offset },"crc32":"{ crc32 }"|.
    ENDIF.
    frame = |{ frame }\}|.
  ENDMETHOD.


  METHOD complete.
    frame = |{ typed( `complete` ) },"success":true,"totalChunks":{ chunks }|.
    IF sha256 IS NOT INITIAL.
      frame = |{ frame },"size":{ size },"sha256":"{ sha256 }"|.
    ENDIF.
    frame = |{ frame },"data":{ data }\}|.
  ENDMETHOD.


  METHOD constructor.
    head = |\{"id":{ zcl_longhaul_json=>quote( id ) }|.
  ENDMETHOD.


  METHOD error.
    frame = COND #( WHEN is_stream = abap_true THEN typed( `error` ) ELSE head ).
    frame = |{ frame },"success":false,"error":\{"code":{ zcl_longhaul_json=>quote( error->code ) }|
      && |,"message":{ zcl_longhaul_json=>quote( error->message ) }|.
    IF error->retry_after_ms > 0.
      frame = |{ frame },"retryAfterMs":{ error->retry_after_ms }|.
    ENDIF.
    frame = |{ frame }\}\}|.
  ENDMETHOD.


  METHOD progress.
    frame = |{ typed( `progress` ) },"done":{ done },"total":{ total }|
      && |,"message":{ zcl_longhaul_json=>quote( message ) }\}|.
  ENDMETHOD.


  METHOD typed.
    head = |{ me->head },"type":"{ type }"|.
  ENDMETHOD.


  METHOD warning.
    frame = |{ typed( `warning` ) },"item":{ zcl_longhaul_json=>quote( item ) }|
      && |,"code":{ zcl_longhaul_json=>quote( code ) },"message":{ zcl_longhaul_json=>quote( message ) }\}|.
  ENDMETHOD.
ENDCLASS.
