import { parse } from 'protobufjs';

/** The part of the ONNX schema (onnx.proto) that this project's models are made of. */
const schema = `
  syntax = "proto2";
  message ModelProto {
    optional int64 ir_version = 1; optional string producer_name = 2; optional GraphProto graph = 7;
    repeated OperatorSetIdProto opset_import = 8; repeated StringStringEntryProto metadata_props = 14;
  }
  message GraphProto {
    repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; optional string name = 3; optional string op_type = 4;
    repeated AttributeProto attribute = 5;
  }
  message AttributeProto {
    enum AttributeType { INT = 2; INTS = 7; }
    optional string name = 1; optional int64 i = 3; repeated int64 ints = 8; optional AttributeType type = 20;
  }
  enum DataType { FLOAT = 1; BOOL = 9; }
  message TensorProto {
    repeated int64 dims = 1; optional DataType data_type = 2; optional string name = 8; optional bytes raw_data = 9;
  }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
  message TypeProto { optional TensorType tensor_type = 1; }
  message TensorType { optional DataType elem_type = 1; optional TensorShapeProto shape = 2; }
  message TensorShapeProto { repeated Dimension dim = 1; }
  message Dimension { optional int64 dim_value = 1; optional string dim_param = 2; }
  message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
  message StringStringEntryProto { optional string key = 1; optional string value = 2; }
`;
export const modelProto = parse(schema, { keepCase: true }).root.lookupType('ModelProto');
