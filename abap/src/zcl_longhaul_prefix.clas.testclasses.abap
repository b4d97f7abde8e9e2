CLASS ltcl_prefix DEFINITION INHERITING FROM zcl_longhaul_test_bench FINAL FOR TESTING RISK LEVEL HARMLESS
    DURATION SHORT.
  PRIVATE SECTION.
    METHODS setup RAISING cx_static_check.
    METHODS teardown.
    METHODS gives_complete_alone FOR TESTING RAISING cx_static_check.
    METHODS checks_what_a_client_has FOR TESTING RAISING cx_static_check.
ENDCLASS.


CLASS ltcl_prefix IMPLEMENTATION.

  METHOD setup.
    begin( ).
  ENDMETHOD.

  METHOD teardown.
    end( ).
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
ENDCLASS.
