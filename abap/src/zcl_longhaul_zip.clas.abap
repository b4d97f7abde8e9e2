"! <p class="shorttext synchronized">longhaul: writes a ZIP archive entry by entry</p>
"! cl_abap_zip holds the whole archive and gives it at the end. Here each entry is bytes at once, so that
"! chunks leave while the next object is still serialized, and all there is to remember is the directory.
CLASS zcl_longhaul_zip DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    TYPES:
      "! A file that is compressed, but has no place in an archive yet
      BEGIN OF packed_file,
        name  TYPE xstring,
        "! Checksum, both lengths, and that of the name, as they stand in front of it and in the directory
        sizes TYPE xstring,
        data  TYPE xstring,
      END OF packed_file.

    "! How many entries there are, and where the next one starts
    DATA entries TYPE i READ-ONLY.
    DATA position TYPE i READ-ONLY.

    "! What is to stand at the end, as far as it goes
    METHODS directory
      RETURNING VALUE(directory) TYPE xstring.

    "! Makes an entry of a file; what can go wrong with the file goes wrong here
    CLASS-METHODS pack
      IMPORTING
        path         TYPE string
        data         TYPE xstring
      RETURNING
        VALUE(entry) TYPE packed_file
      RAISING
        zcx_longhaul.

    "! The bytes of an entry, to be put behind those before
    METHODS add
      IMPORTING entry        TYPE packed_file
      RETURNING VALUE(bytes) TYPE xstring
      RAISING   zcx_longhaul.

    "! The bytes behind the last entry
    METHODS finish
      RETURNING VALUE(bytes) TYPE xstring.

    METHODS restore
      IMPORTING
        entries   TYPE i
        position  TYPE i
        directory TYPE xstring.

  PRIVATE SECTION.
    CONSTANTS max_entries TYPE i VALUE 65535.
    "! Behind this an offset needs ZIP64
    CONSTANTS max_position TYPE i VALUE 2000000000.
    CONSTANTS local_signature TYPE x LENGTH 4 VALUE '504B0304'.
    CONSTANTS central_signature TYPE x LENGTH 4 VALUE '504B0102'.
    CONSTANTS end_signature TYPE x LENGTH 4 VALUE '504B0506'.
    "! Version 2.0, names in UTF-8, deflated, and the first day that there is: the same files give the same
    "! bytes
    CONSTANTS version_to_method TYPE x LENGTH 6 VALUE '140000080800'.
    CONSTANTS time_and_date TYPE x LENGTH 4 VALUE '00002100'.

    "! The directory, piece by piece
    DATA rows TYPE zcl_longhaul_codec=>byte_parts.

    CLASS-METHODS number
      IMPORTING
        number       TYPE i
        length       TYPE i
      RETURNING
        VALUE(bytes) TYPE xstring.
ENDCLASS.



CLASS zcl_longhaul_zip IMPLEMENTATION.


  METHOD add.
    bytes = zcl_longhaul_codec=>join( VALUE #(
      ( local_signature )
      ( version_to_method )
      ( time_and_date )
      ( entry-sizes )
      ( number( number = 0
                length = 2 ) )
      ( entry-name )
      ( entry-data ) ) ).
    IF entries >= max_entries OR xstrlen( bytes ) > max_position - position.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = zif_longhaul=>code-git_error
          message = `the archive has more files or bytes than ZIP allows`.
    ENDIF.
    " Made by version 2.0; no extra field, no comment, disk 0, no attributes.
    DATA(row) = zcl_longhaul_codec=>join( VALUE #(
      ( central_signature )
      ( number( number = 20
                length = 2 ) )
      ( version_to_method )
      ( time_and_date )
      ( entry-sizes )
      ( number( number = 0
                length = 12 ) )
      ( number( number = position
                length = 4 ) )
      ( entry-name ) ) ).
    APPEND row TO rows.
    entries = entries + 1.
    position = position + xstrlen( bytes ).
  ENDMETHOD.


  METHOD directory.
    directory = zcl_longhaul_codec=>join( rows ).
    rows = VALUE #( ( directory ) ).
  ENDMETHOD.


  METHOD finish.
    DATA(all_rows) = directory( ).
    bytes = zcl_longhaul_codec=>join( VALUE #(
      ( all_rows )
      ( end_signature )
      ( number( number = 0
                length = 4 ) )
      ( number( number = entries
                length = 2 ) )
      ( number( number = entries
                length = 2 ) )
      ( number( number = xstrlen( all_rows )
                length = 4 ) )
      ( number( number = position
                length = 4 ) )
      ( number( number = 0
                length = 2 ) ) ) ).
  ENDMETHOD.


  METHOD number.
    bytes = zcl_longhaul_codec=>little_endian( number = number
                                               length = length ).
  ENDMETHOD.


  METHOD pack.
    entry-name = zcl_longhaul_codec=>to_utf8( path ).
    entry-data = zcl_longhaul_codec=>deflate( data ).
    DATA(crc32) = zcl_longhaul_codec=>crc32( data ).
    CONCATENATE crc32+3(1) crc32+2(1) crc32+1(1) crc32(1) INTO crc32 IN BYTE MODE.
    entry-sizes = zcl_longhaul_codec=>join( VALUE #(
      ( crc32 )
      ( number( number = xstrlen( entry-data )
                length = 4 ) )
      ( number( number = xstrlen( data )
                length = 4 ) )
      ( number( number = xstrlen( entry-name )
                length = 2 ) ) ) ).
  ENDMETHOD.


  METHOD restore.
    me->entries = entries.
    me->position = position.
    rows = VALUE #( ( directory ) ).
  ENDMETHOD.
ENDCLASS.
