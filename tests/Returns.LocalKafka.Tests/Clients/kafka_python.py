"""kafka-python from the command line, for the tests: answers one line of JSON on standard output."""
import json
import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition


def produce(servers, topic, count, prefix):
    producer = KafkaProducer(bootstrap_servers=servers, acks="all", compression_type="gzip", linger_ms=5)
    futures = [
        producer.send(topic, key=f"key-{i}".encode(), value=f"{prefix}{i}".encode(), headers=[("n", str(i).encode())])
        for i in range(int(count))
    ]
    placed = {}
    for future in futures:
        metadata = future.get(timeout=20)
        placed[metadata.partition] = max(placed.get(metadata.partition, -1), metadata.offset)
    producer.close()
    return {"placed": placed}


def consume(servers, topic, group, count):
    consumer = KafkaConsumer(
        topic, bootstrap_servers=servers, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
        session_timeout_ms=10000, heartbeat_interval_ms=300, fetch_max_wait_ms=100)
    values = []
    deadline = time.monotonic() + 25
    while len(values) < int(count) and time.monotonic() < deadline:
        for records in consumer.poll(timeout_ms=200).values():
            for record in records:
                values.append([record.partition, record.key and record.key.decode(), record.value and record.value.decode()])
    consumer.commit()
    committed = sum(consumer.committed(partition) or 0 for partition in consumer.assignment())
    ends = sum(consumer.end_offsets(list(consumer.assignment())).values())
    by_time = consumer.offsets_for_times({TopicPartition(topic, 0): 0})
    consumer.close()
    return {"values": values, "committed": committed, "ends": ends, "found": by_time[TopicPartition(topic, 0)] is not None}


print(json.dumps({"produce": produce, "consume": consume}[sys.argv[1]](*sys.argv[2:])))
