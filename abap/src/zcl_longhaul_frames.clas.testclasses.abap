CLASS ltcl_frames DEFINITION FINAL FOR TESTING RISK LEVEL HARMLESS DURATION SHORT.
  PRIVATE SECTION.
    DATA frames TYPE REF TO zcl_longhaul_frames.

    METHODS setup.
    METHODS progress_and_warning FOR TESTING.
    METHODS accepted FOR TESTING.
    METHODS chunk_as_text FOR TESTING.
    METHODS chunk_as_bytes FOR TESTING.
    METHODS complete FOR TESTING.
    METHODS answer_and_errors FOR TESTING.
    METHODS first_chunk
      RETURNING VALUE(chunk) TYPE zif_longhaul=>slice.
ENDCLASS.


CLASS ltcl_frames IMPLEMENTATION.

  METHOD setup.
    frames = NEW #( `git_1` ).
  ENDMETHOD.

  METHOD progress_and_warning.
    cl_abap_unit_assert=>assert_equals(
      act = frames->progress( done    = 10
                              total   = 100
                              message = `CLAS ZCL_A` )
      exp = `{"id":"git_1","type":"progress","done":10,"total":100,"message":"CLAS ZCL_A"}` ).
    cl_abap_unit_assert=>assert_equals(
      act = frames->warning( item    = `CLAS ZCL_A`
                             code    = `NOT_SERIALIZED`
                             message = `no "serializer"` )
      exp = `{"id":"git_1","type":"warning","item":"CLAS ZCL_A","code":"NOT_SERIALIZED"`
        && `,"message":"no \"serializer\""}` ).
  ENDMETHOD.

  METHOD accepted.
    cl_abap_unit_assert=>assert_equals(
      act = frames->accepted( epoch       = `e1`
                              ttl         = 600000
                              chunk_bytes = 786432
                              alias       = 7 )
      exp = `{"id":"git_1","type":"accepted","epoch":"e1","ttl":600000,"chunkSize":786432,"alias":7}` ).
    cl_abap_unit_assert=>assert_equals(
      act = frames->accepted( chunk_bytes = 786432
                              alias       = 7 )
      exp = `{"id":"git_1","type":"accepted","chunkSize":786432,"alias":7}` ).
  ENDMETHOD.

  METHOD chunk_as_text.
    cl_abap_unit_assert=>assert_equals(
      act = frames->chunk( chunk        = first_chunk( )
                           has_checksum = abap_true )
      exp = `{"id":"git_1","type":"chunk","seq":1,"data":"aGVsbG8g","offset":0,"crc32":"ed81f9f6"}` ).
    cl_abap_unit_assert=>assert_equals(
      act = frames->chunk( chunk        = first_chunk( )
                           has_checksum = abap_false )
      exp = `{"id":"git_1","type":"chunk","seq":1,"data":"aGVsbG8g"}` ).
  ENDMETHOD.

  METHOD chunk_as_bytes.
    " PROTOCOL 6.5.
    cl_abap_unit_assert=>assert_equals(
      act = zcl_longhaul_frames=>binary_chunk( alias = 7
                                               chunk = first_chunk( ) )
      exp = CONV xstring( `4C480101070000000100000000000000`
        && `0000000000000000F6F981ED06000000` && `68656C6C6F20` ) ).
  ENDMETHOD.

  METHOD complete.
    cl_abap_unit_assert=>assert_equals(
      act = frames->complete( chunks = 2
                              size   = 11
                              sha256 = `b94d`
                              data   = `{"objectCount":100}` )
      exp = `{"id":"git_1","type":"complete","success":true,"totalChunks":2,"size":11,"sha256":"b94d"`
        && `,"data":{"objectCount":100}}` ).
    cl_abap_unit_assert=>assert_equals(
      act = frames->complete( chunks = 0
                              data   = `{}` )
      exp = `{"id":"git_1","type":"complete","success":true,"totalChunks":0,"data":{}}` ).
  ENDMETHOD.

  METHOD answer_and_errors.
    DATA(busy) = NEW zcx_longhaul( code           = `BUSY`
                                   message        = `3 exports are running`
                                   retry_after_ms = 2000 ).
    cl_abap_unit_assert=>assert_equals(
      act = frames->error( error     = busy
                           is_stream = abap_true )
      exp = `{"id":"git_1","type":"error","success":false,"error":{"code":"BUSY"`
        && `,"message":"3 exports are running","retryAfterMs":2000}}` ).
    cl_abap_unit_assert=>assert_equals(
      act = frames->error( error     = NEW #( code    = `GIT_ERROR`
                                              message = `no` )
                           is_stream = abap_false )
      exp = `{"id":"git_1","success":false,"error":{"code":"GIT_ERROR","message":"no"}}` ).
    cl_abap_unit_assert=>assert_equals(
      act = frames->answer( )
      exp = `{"id":"git_1","success":true}` ).
    cl_abap_unit_assert=>assert_equals(
      act = frames->answer( `[]` )
      exp = `{"id":"git_1","success":true,"data":[]}` ).
  ENDMETHOD.

  METHOD first_chunk.
    chunk = VALUE #( seq    = 1
                     offset = 0
                     data   = zcl_longhaul_codec=>to_utf8( `hello ` ) ).
  ENDMETHOD.
ENDCLASS.
