"! <p class="shorttext synchronized">longhaul: git.export</p>
"! An abapGit archive of objects (PROTOCOL 10.1). An object that does not serialize is left out and named.
CLASS zcl_longhaul_op_export DEFINITION PUBLIC INHERITING FROM zcl_longhaul_op_objects FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    METHODS constructor
      IMPORTING
        catalog    TYPE REF TO zif_longhaul_catalog
        authority  TYPE REF TO zif_longhaul_authority
        serializer TYPE REF TO zif_longhaul_serializer.

    METHODS zif_longhaul_operation~answer REDEFINITION.
    METHODS zif_longhaul_operation~finish REDEFINITION.
    METHODS zif_longhaul_operation~has_records REDEFINITION.
    METHODS zif_longhaul_operation~result REDEFINITION.

  PROTECTED SECTION.
    METHODS check_available REDEFINITION.
    METHODS work REDEFINITION.
    METHODS more_state REDEFINITION.
    METHODS restore_more REDEFINITION.

  PRIVATE SECTION.
    TYPES:
      BEGIN OF archived_file,
        path TYPE string,
        size TYPE i,
      END OF archived_file.

    DATA serializer TYPE REF TO zif_longhaul_serializer.
    DATA archive TYPE REF TO zcl_longhaul_zip.
    "! None any more once there are more than are listed: they are saved again and again while it works
    DATA files TYPE STANDARD TABLE OF archived_file WITH EMPTY KEY.
    DATA file_count TYPE i.
    "! The one that all objects are serialized in, whoever goes on with them
    DATA language TYPE sy-langu.

    METHODS begin_archive
      IMPORTING sink TYPE REF TO zif_longhaul_sink
      RAISING   zcx_longhaul.
    METHODS files_as_json
      RETURNING VALUE(json) TYPE string.
    "! The member of the result, with a comma before it; empty where there are too many
    METHODS listed_files
      RETURNING VALUE(json) TYPE string.
    "! Where the files of a package stand, with a slash at the end
    METHODS folder
      IMPORTING package       TYPE tadir-devclass
      RETURNING VALUE(folder) TYPE string.
    METHODS repository
      RETURNING VALUE(xml) TYPE xstring.
ENDCLASS.



CLASS zcl_longhaul_op_export IMPLEMENTATION.


  METHOD begin_archive.
    IF archive->entries = 0.
      sink->write( archive->add( zcl_longhaul_zip=>pack( path = `.abapgit.xml`
                                                         data = repository( ) ) ) ).
    ENDIF.
  ENDMETHOD.


  METHOD check_available.
    serializer->check_available( ).
  ENDMETHOD.


  METHOD constructor.
    super->constructor(
      catalog    = catalog
      authority  = authority
      error_code = zif_longhaul=>code-git_error ).
    me->serializer = serializer.
    archive = NEW #( ).
    language = sy-langu.
  ENDMETHOD.


  METHOD files_as_json.
    DATA parts TYPE string_table.
    LOOP AT files INTO DATA(file).
      APPEND |\{"path":{ zcl_longhaul_json=>quote( file-path ) },"size":{ file-size }\}| TO parts.
    ENDLOOP.
    json = |[{ concat_lines_of( table = parts
                                sep   = `,` ) }]|.
  ENDMETHOD.


  METHOD folder.
    folder = |src/{ to_lower( package ) }/|.
  ENDMETHOD.


  METHOD listed_files.
    IF file_count = lines( files ).
      json = |,"files":{ files_as_json( ) }|.
    ENDIF.
  ENDMETHOD.


  METHOD more_state.
    json = |,"files":{ files_as_json( ) },"fileCount":{ file_count }|
      && |,"entries":{ archive->entries },"position":{ archive->position }|
      && |,"directory":"{ zcl_longhaul_codec=>to_base64( archive->directory( ) ) }"|
      && |,"language":{ zcl_longhaul_json=>quote( language ) }|.
  ENDMETHOD.


  METHOD repository.
    " abapGit writes a byte order mark.
    CONSTANTS mark TYPE x LENGTH 3 VALUE 'EFBBBF'.
    DATA lines TYPE string_table.
    lines = VALUE #(
      ( `<?xml version="1.0" encoding="utf-8"?>` )
      ( `<asx:abap xmlns:asx="http://www.sap.com/abapxml" version="1.0">` )
      ( ` <asx:values>` )
      ( `  <DATA>` )
      ( |   <MASTER_LANGUAGE>{ language }</MASTER_LANGUAGE>| )
      ( `   <STARTING_FOLDER>/src/</STARTING_FOLDER>` )
      ( `   <FOLDER_LOGIC>FULL</FOLDER_LOGIC>` )
      ( `  </DATA>` )
      ( ` </asx:values>` )
      ( `</asx:abap>` )
      ( `` ) ).
    DATA(text) = concat_lines_of( table = lines
                                  sep   = |\n| ).
    xml = zcl_longhaul_codec=>join( VALUE #( ( mark ) ( zcl_longhaul_codec=>to_utf8( text ) ) ) ).
  ENDMETHOD.


  METHOD restore_more.
    LOOP AT state->items_of( `files` ) INTO DATA(file).
      APPEND VALUE #( path = file->text_of( `path` )
                      size = file->count_of( `size` ) ) TO files.
    ENDLOOP.
    file_count = state->count_of( `fileCount` ).
    language = state->text_of( `language` ).
    archive->restore(
      entries   = state->count_of( `entries` )
      position  = state->count_of( `position` )
      directory = zcl_longhaul_codec=>from_base64( state->text_of( `directory` ) ) ).
  ENDMETHOD.


  METHOD work.
    DATA packed TYPE STANDARD TABLE OF zcl_longhaul_zip=>packed_file WITH EMPTY KEY.
    DATA listed LIKE files.
    begin_archive( sink ).
    TRY.
        LOOP AT serializer->serialize( object   = object
                                       language = language ) INTO DATA(file).
          DATA(path) = folder( object-package ) && file-name.
          APPEND zcl_longhaul_zip=>pack( path = path
                                         data = file-data ) TO packed.
          APPEND VALUE #( path = path
                          size = xstrlen( file-data ) ) TO listed.
        ENDLOOP.
      CATCH zcx_longhaul INTO DATA(error).
        leave_out( object = object
                   code   = `SERIALIZE_ERROR`
                   reason = error->message
                   sink   = sink ).
        RETURN.
      CATCH cx_root INTO DATA(unforeseen) ##CATCH_ALL.
        " Whatever a serializer lets through, declared or not, is the affair of its object.
        leave_out( object = object
                   code   = `SERIALIZE_ERROR`
                   reason = zcx_longhaul=>unforeseen( unforeseen )->message
                   sink   = sink ).
        RETURN.
    ENDTRY.
    " The object is whole; what goes wrong from here on is the archive's affair.
    LOOP AT packed INTO DATA(entry).
      sink->write( archive->add( entry ) ).
    ENDLOOP.
    file_count = file_count + lines( listed ).
    IF file_count > zcl_longhaul_config=>current( )-max_listed_files.
      CLEAR files.
    ELSE.
      APPEND LINES OF listed TO files.
    ENDIF.
  ENDMETHOD.


  METHOD zif_longhaul_operation~answer.
    data = |\{"objectCount":{ lines( objects ) },"fileCount":{ file_count }|
      && |,"zipBase64":"{ zcl_longhaul_codec=>to_base64( payload ) }"|
      && |{ listed_files( ) },"skipped":{ skipped_as_json( ) }\}|.
  ENDMETHOD.


  METHOD zif_longhaul_operation~finish.
    begin_archive( sink ).
    sink->write( archive->finish( ) ).
  ENDMETHOD.


  METHOD zif_longhaul_operation~has_records.
    has_records = abap_false.
  ENDMETHOD.


  METHOD zif_longhaul_operation~result.
    data = |\{"objectCount":{ lines( objects ) },"fileCount":{ file_count }{ listed_files( ) }|
      && |,"skipped":{ skipped_as_json( ) }\}|.
  ENDMETHOD.
ENDCLASS.
